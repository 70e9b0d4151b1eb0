"""Imports: files of rows, read strictly, checked whole, and booked.

reader.py     bytes → headings and rows, or one clear refusal
profiles.py   which columns a file has: our own, or those of "Online Retail"
values.py     cells → numbers, prices, times
stock.py, products.py, retail.py   check every row, then book
booking.py    each row is booked once, and can be taken back
report.py     what was done, and what was refused with its reason
"""
