"""Records out to CSV and XLSX and back: every change in a file becomes a change request.

`cells` turns a value into a cell and back, `tables` files into rows and back, `preview` says what
the rows would change, and `imports` asks for it.
"""
