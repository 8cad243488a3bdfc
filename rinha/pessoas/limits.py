"""Limits of this edition's values and of its search, each with its reason."""

APELIDO_MAX_CHARACTERS = 32
NOME_MAX_CHARACTERS = 100
STACK_MAX_CHARACTERS = 32  # of one element; the body's size limits their number
# The contest's largest body has a stack of 26 elements with 32 characters each. It takes 12,000
# bytes if each character is escaped, as two of \uXXXX.
BODY_MAX_BYTES = 16_384
SEARCH_ROWS = 50
# Problems of an audit that are shown: a person reads the audit.
AUDIT_PROBLEMS_SHOWN_MAX = 20
# Rows on the operator's page.
PESSOAS_SHOWN_MAX = 20

# Elements that are stored once, not with each person: as many as a search reads in 20 us. All
# others are in the text.
SHARED_ELEMENTS_MAX = 256
# People that share a signature of trigrams. Fewer exclude more, and take more memory. With 64, a
# fifth of all bits is set for names of letters, and a signature takes 64 bytes a person.
BLOCK_ROWS = 64
# Five trigrams, each in a fifth of the blocks, leave one block in 3,000. Each further one is read
# from all signatures.
TRIGRAMS_ASKED_MAX = 6
