"""Do all answers about a client fit into one order?"""
