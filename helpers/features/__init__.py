"""What did each account do up to a date, and what became of it afterwards?"""
