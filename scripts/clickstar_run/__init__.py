"""What stands behind `make run`: the order of the steps, and what is said about them."""
