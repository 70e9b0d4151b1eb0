"""Imports: files of rows, read strictly, checked whole, and booked.

reader.py     bytes → headings and rows, or one clear refusal
values.py     cells → numbers, prices, times
profiles.py   under which headings a field is found
files.py      which profile a file of products or orders has: our own columns, or those of "Online Retail"
stock.py, products.py, retail.py, orders.py   check every row, then book
booking.py    each row is booked once, and can be taken back
report.py, failed.py   what was done, and what was refused with its reason
"""
