/* libcrypt.so.1 for nginx. Debian 12's own needs glibc 2.36; nginx uses it for auth_basic only, which is
   not used here. It also resolves the user and group root without /etc/passwd, for `user root`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

char *crypt_r(const char *key, const char *salt, void *data) {
    (void)key, (void)salt, (void)data;
    errno = ENOSYS;
    return NULL;
}

struct passwd *getpwnam(const char *name) {
    static struct passwd root = {"root", "x", 0, 0, "root", "/", "/bin/sh"};
    struct passwd *(*real)(const char *) = dlsym(RTLD_NEXT, "getpwnam");
    struct passwd *found = real ? real(name) : NULL;
    return found || strcmp(name, "root") ? found : &root;
}

struct group *getgrnam(const char *name) {
    static char *nobody[] = {NULL};
    static struct group root = {"root", "x", 0, nobody};
    struct group *(*real)(const char *) = dlsym(RTLD_NEXT, "getgrnam");
    struct group *found = real ? real(name) : NULL;
    return found || strcmp(name, "root") ? found : &root;
}
