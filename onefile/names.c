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

/* Puts the libraries into LD_PRELOAD: the loader finds a loaded library by its soname, under any file
   name. */
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

/* What a service runs, from its file `command`: entries NAME=VALUE, each ended by a zero byte, as
   stack/run/service.py writes them. */
struct command {
    const char *directory;
    const char *pid_file; /* of a part that takes over from its predecessor, else NULL */
    int ends_with_parent, stop_signal;
    char *arguments[256];
};

static char *value_of(char *entry, const char *name) {
    size_t size = strlen(name);
    return !strncmp(entry, name, size) && entry[size] == '=' ? entry + size + 1 : NULL;
}

/* Returns -1 without such a file: the executable is only named `run`, and is in no service's folder. */
static int read_command(struct command *command) {
    static char text[1 << 16];
    int fd = open("command", O_RDONLY | O_CLOEXEC), count = 0;
    if (fd < 0) return -1;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    memset(command, 0, sizeof *command);
    for (char *entry = text, *value; entry < text + length; entry += strlen(entry) + 1) {
        if ((value = value_of(entry, "directory"))) command->directory = value;
        else if ((value = value_of(entry, "takes_over"))) command->pid_file = value;
        else if ((value = value_of(entry, "ends_with_parent"))) command->ends_with_parent = 1;
        else if ((value = value_of(entry, "stop_signal"))) command->stop_signal = atoi(value);
        else if ((value = value_of(entry, "unset"))) unsetenv(value);
        else if ((value = value_of(entry, "environment"))) putenv(value);
        else if ((value = value_of(entry, "argument")) && count < 255)
            command->arguments[count++] = value;
    }
    return 0;
}

/* Tells if the process runs this carried program in the current folder, and has not ended yet. */
static int runs_here(pid_t pid, const char *program) {
    char here[PATH_MAX], path[64], name[64], link[PATH_MAX];
    int size = snprintf(name, sizeof name, "/memfd:%s", program);
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < size || strncmp(link, name, size) || !getcwd(here, sizeof here)) return 0;
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

static void pause_while_alive(pid_t pid) {
    usleep(20000);
    if (kill(pid, 0)) _exit(0);
}

/* Does what TAKE_OVER in stack/run/service.py does with a shell: what a killed master or runsv left
   behind serves until its successor, which this process becomes, listens beside it. */
static void take_over(const struct command *command) {
    const char *program = command->arguments[0];
    pid_t old[64], successor = getpid();
    int count = 0;
    DIR *proc = opendir("/proc");
    if (!proc) return;
    for (struct dirent *entry; count < 64 && (entry = readdir(proc));)
        if (runs_here(atoi(entry->d_name), program)) old[count++] = atoi(entry->d_name);
    closedir(proc);
    if (!count || fork()) return;
    while (pid_in_file(command->pid_file) != successor) pause_while_alive(successor);
    for (int one = 0; one < count; one++) kill(old[one], command->stop_signal);
    for (int one = 0; one < count; one++)
        while (runs_here(old[one], program)) pause_while_alive(successor);
    FILE *file = fopen(command->pid_file, "w");
    if (file) fprintf(file, "%d\n", successor);
    _exit(file ? fclose(file) : 1);
}

/* Runs a service as its `run`. */
static int run_command(void) {
    struct command command;
    if (read_command(&command)) return -1;
    char **arguments = command.arguments;
    if (!*arguments || !command.directory || chdir(command.directory)) {
        fprintf(stderr, "%s: the file `command` of a service is not usable\n", NAME);
        return CANNOT_START;
    }
    dup2(STDOUT_FILENO, STDERR_FILENO);
    if (command.ends_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (command.pid_file) take_over(&command);
    int code = run_carried(*arguments, arguments);
    if (code >= 0) return code;
    execvp(*arguments, arguments);
    fprintf(stderr, "%s: cannot start %s: %s\n", NAME, *arguments, strerror(errno));
    return CANNOT_START;
}

/* Runs as `control/t`, in place of the TERM that runsv would send. */
static int send_stop_signal(void) {
    struct command command;
    if (read_command(&command)) return -1;
    pid_t pid = pid_in_file("supervise/pid");
    return pid <= 0 || kill(pid, command.stop_signal);
}

int run_as(const char *name, char **argv) {
    if (!strcmp(name, "run")) return run_command();
    if (!strcmp(name, "t")) return send_stop_signal();
    return run_carried(name, argv);
}
