/* The third-party programs, libraries and extension modules in the executable. Each is compressed,
   and becomes a file in memory when it is needed. */
#ifndef CARRIED_H
#define CARRIED_H

/* Names are so/MODULE_PATH, bin/PROGRAM and lib/PROGRAM_OR_MODULE/SONAME. */
struct carried {
    const char *name;
    const unsigned char *begin, *end;
    unsigned long size;
};

/* Written by build.py; the last entry has no name. */
extern const struct carried carried[];

const struct carried *find_carried(const char *name);

/* Returns the descriptor of a file in memory, or -1 and sets errno. */
int open_carried(const struct carried *one, unsigned int flags);

/* Writes to stderr why a file in memory could not be made or run; reads errno. */
void report_memfd_error(const char *name);

/* Runs the program or service that the name stands for. Returns an exit code, or -1 for a name that
   stands for neither. */
int run_as(const char *name, char **argv);

#endif
