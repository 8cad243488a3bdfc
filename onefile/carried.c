/* Unpacks carried programs and libraries into files in memory (memfd). */
#define _GNU_SOURCE
#include "carried.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

const struct carried *find_carried(const char *name) {
    for (const struct carried *one = carried; one->name; one++)
        if (!strcmp(one->name, name)) return one;
    return NULL;
}

int open_carried(const struct carried *one, unsigned int flags) {
    const char *slash = strrchr(one->name, '/'); /* /proc shows only the last part */
    const char *name = slash ? slash + 1 : one->name;
    /* From Linux 6.3 on, MFD_EXEC makes it executable; older kernels refuse the unknown flag. */
    int fd = memfd_create(name, flags | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, flags);
    if (fd < 0) return -1;
    uLongf size = one->size;
    unsigned char *to = MAP_FAILED;
    if (!ftruncate(fd, size)) to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (to == MAP_FAILED) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    int is_complete = uncompress(to, &size, one->begin, one->end - one->begin) == Z_OK && size == one->size;
    munmap(to, one->size);
    if (is_complete) return fd;
    close(fd);
    errno = EILSEQ;
    return -1;
}

void report_memfd_error(const char *name) {
    int error = errno;
    const char *hint = "";
    if (error == EACCES || error == EPERM)
        hint = "; a kernel with vm.memfd_noexec=2, or a filter of system calls, forbids it";
    else if (error == ENOSYS)
        hint = "; it needs Linux 3.19 or newer";
    fprintf(stderr, "%s: %s cannot be run from memory: %s%s\n", NAME, name, strerror(error), hint);
}
