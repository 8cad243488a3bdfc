/* libcrypt.so.1 for nginx. That of Debian 12 asks for glibc 2.36, for the sake of auth_basic, which is
   not used here. It also says who root is where there is no /etc/passwd: `user root` asks. */
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
