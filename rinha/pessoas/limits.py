"""The bounds of this edition's values and of its search, each with its reason."""

APELIDO_MAX_CHARACTERS = 32
NOME_MAX_CHARACTERS = 100
STACK_MAX_CHARACTERS = 32  # of one element; how many there are is bounded by the body
# The contest's largest is 26 elements of 32 characters: 12,000 bytes where each is escaped, as two
# of \uXXXX.
BODY_MAX_BYTES = 16_384
SEARCH_ROWS = 50
# What an operator sees at once.
PESSOAS_SHOWN_MAX = 20

# Elements kept once, not beside each person: as many as a search may look through in 20 us. Whoever
# sends others leaves them in the text.
SHARED_ELEMENTS_MAX = 256
# People whose trigrams are looked at together: fewer would find more closely, for more memory. With
# 64, a name of letters has a fifth of all trigrams set, and 64 bytes are kept for each of them.
BLOCK_ROWS = 64
# Five of a fifth leave one block in 3,000; each more has to be fetched from everywhere.
TRIGRAMS_ASKED_MAX = 6
