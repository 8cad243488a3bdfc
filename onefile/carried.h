/* What the executable has inside beside Python: other people's programs, libraries and extension
   modules, each compressed, that are only ever files in memory. */
#ifndef CARRIED_H
#define CARRIED_H

/* `so/` and a module's path, `bin/` and a program, `lib/`, who needs it and its soname. */
struct carried {
    const char *name;
    const unsigned char *begin, *end;
    unsigned long size;
};

/* Written by build.py; the last one has no name. */
extern const struct carried carried[];

const struct carried *find_carried(const char *name);

/* Its descriptor, or -1 and errno. */
int open_carried(const struct carried *one, unsigned int flags);

/* Says on stderr why a file in memory could not be had. */
void complain_of_memory(const char *name);

/* What this process is to be by the name it was called by: only returns with an exit code, or with
   -1 where the name is none that means anything here. */
int run_as(const char *called, char **argv);

#endif
