"""Counting the stock of a location: sessions in which what is on the shelves is scanned, compared and booked."""
