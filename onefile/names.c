/* The name by which the executable is called selects what it runs: a carried program, or the service
   of a folder of runit. So it needs no script, no shell and no file system that allows execution. */
#define _GNU_SOURCE
#include "carried.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Exit code of a service that could not be started, for runsv. */
#define CANNOT_START 111

/* Puts the libraries into LD_PRELOAD: the loader uses a loaded library for its soname, whatever the
   name of its file. */
static int preload_libraries_of(const char *program) {
    char preload[1024] = "", prefix[64];
    size_t used = 0;
    snprintf(prefix, sizeof prefix, "lib/%s/", program);
    for (const struct carried *one = carried; one->name; one++) {
        if (strncmp(one->name, prefix, strlen(prefix))) continue;
        int fd = open_carried(one, 0);
        if (fd < 0) return -1;
        const char *colon = used ? ":" : "";
        used += snprintf(preload + used, sizeof preload - used, "%s/proc/self/fd/%d", colon, fd);
        if (used >= sizeof preload) abort(); /* it would take a hundred libraries */
    }
    return used ? setenv("LD_PRELOAD", preload, 1) : 0;
}

static int run_carried(const char *name, char **argv) {
    char key[64];
    snprintf(key, sizeof key, "bin/%s", name);
    const struct carried *program = find_carried(key);
    if (!program) return -1;
    if (!preload_libraries_of(name)) {
        int fd = open_carried(program, MFD_CLOEXEC);
        if (fd >= 0) execveat(fd, "", argv, environ, AT_EMPTY_PATH);
    }
    report_memfd_error(name);
    return CANNOT_START;
}

/* Returns whether the process is an nginx that was started in this folder and has not ended. */
static int is_nginx_here(pid_t pid) {
    char here[PATH_MAX], path[64], link[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 12 || strncmp(link, "/memfd:nginx", 12) || !getcwd(here, sizeof here)) return 0;
    snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    length = readlink(path, link, sizeof link - 1);
    link[length < 0 ? 0 : length] = 0;
    return !strcmp(link, here);
}

static pid_t pid_in_file(const char *name) {
    int pid = 0;
    FILE *file = fopen(name, "r");
    if (!file) return 0;
    if (fscanf(file, "%d", &pid) != 1) pid = 0;
    fclose(file);
    return pid;
}

static void pause_while(pid_t master) {
    usleep(20000);
    if (kill(master, 0)) _exit(0);
}

/* Replaces the nginx that a killed master or runsv has left, as TAKE_OVER in stack/services.py does in
   a shell. The old one serves until the new one, which this process becomes, listens beside it. */
static void take_over_from_other_nginx(void) {
    pid_t old[64], master = getpid();
    int count = 0;
    DIR *proc = opendir("/proc");
    if (!proc) return;
    for (struct dirent *entry; count < 64 && (entry = readdir(proc));)
        if (is_nginx_here(atoi(entry->d_name))) old[count++] = atoi(entry->d_name);
    closedir(proc);
    if (!count || fork()) return;
    while (pid_in_file("nginx.pid") != master) pause_while(master);
    for (int one = 0; one < count; one++) kill(old[one], SIGQUIT);
    for (int one = 0; one < count; one++)
        while (is_nginx_here(old[one])) pause_while(master);
    FILE *file = fopen("nginx.pid", "w");
    if (file) fprintf(file, "%d\n", master);
    _exit(file ? fclose(file) : 1);
}

/* Runs the command in the service's file `words`: a directory, then the arguments, each ended by a zero
   byte. It implements `env` and `setpriv` as far as stack/services.py uses them. */
static int run_service(void) {
    static char text[1 << 16], *arguments[256];
    int fd = open("words", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1; /* not in a service's folder: the executable is only named `run` */
    ssize_t length = read(fd, text, sizeof text - 1);
    int count = 0;
    for (char *word = text; word < text + length && count < 255; word += strlen(word) + 1)
        arguments[count++] = word;
    if (count < 2 || chdir(arguments[0])) {
        fprintf(stderr, "%s: the service's file `words` has no command, or its directory is missing\n", NAME);
        return CANNOT_START;
    }
    char **word = arguments + 1;
    dup2(STDOUT_FILENO, STDERR_FILENO);
    if (*word && !strcmp(*word, "env"))
        for (word++; *word && strchr(*word, '='); word++) putenv(*word);
    if (word[0] && word[1] && word[2] && !strcmp(*word, "setpriv")) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        word += 3;
    }
    if (!*word) return CANNOT_START;
    if (!strcmp(*word, "nginx")) take_over_from_other_nginx();
    int code = run_carried(*word, word);
    if (code >= 0) return code;
    execv(*word, word);
    fprintf(stderr, "%s: cannot start %s: %s\n", NAME, *word, strerror(errno));
    return CANNOT_START;
}

/* Stops nginx with SIGQUIT, which answers the requests in flight; SIGTERM of runsv would cut them. */
static int quit_nginx(void) {
    pid_t pid = pid_in_file("supervise/pid");
    return pid > 0 ? kill(pid, SIGQUIT) != 0 : -1;
}

int run_as(const char *name, char **argv) {
    if (!strcmp(name, "run")) return run_service();
    if (!strcmp(name, "t")) return quit_nginx();
    return run_carried(name, argv);
}
