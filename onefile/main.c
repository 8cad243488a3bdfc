/* The executable: CPython, its modules as a zip at the end of the file, and the files of carried.h. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "carried.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

/* Two functions would need a newer C library than 2.34, and are replaced with --wrap: hypot of
   libpython3.11.a needs 2.35; the older version differs only in how it reports errors.
   arc4random_buf of libexpat.a, which salts hashes, needs 2.36. */
double old_hypot(double, double);
__asm__(".symver old_hypot,hypot@" OLDEST_GLIBC);
double __wrap_hypot(double x, double y) { return old_hypot(x, y); }

void __wrap_arc4random_buf(void *to, size_t size) {
    while (size) {
        ssize_t got = getrandom(to, size < 256 ? size : 256, 0);
        if (got < 0 && errno != EINTR) abort();
        if (got > 0) to = (char *)to + got, size -= got;
    }
}

static PyObject *names(PyObject *self, PyObject *none) {
    (void)self, (void)none;
    PyObject *list = PyList_New(0);
    for (const struct carried *one = carried; list && one->name; one++) {
        PyObject *name = PyUnicode_FromString(one->name);
        if (!name || PyList_Append(list, name)) Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyObject *open_one(PyObject *self, PyObject *name) {
    (void)self;
    const char *text = PyUnicode_AsUTF8(name);
    const struct carried *one = text ? find_carried(text) : NULL;
    if (!one) return PyErr_Format(PyExc_KeyError, "%S", name);
    int fd = open_carried(one, MFD_CLOEXEC);
    if (fd >= 0) return PyLong_FromLong(fd);
    report_memfd_error(one->name);
    exit(2);
}

/* Loads a library of an extension module: from now on the loader finds it by its soname. */
static PyObject *preload(PyObject *self, PyObject *path) {
    (void)self;
    const char *text = PyUnicode_AsUTF8(path);
    if (!text) return NULL;
    if (!dlopen(text, RTLD_NOW | RTLD_LOCAL))
        return PyErr_Format(PyExc_ImportError, "%s", dlerror());
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"names", names, METH_NOARGS, "The names of all carried files."},
    {"open", open_one, METH_O, "Makes a file in memory of one; returns its descriptor."},
    {"preload", preload, METH_O, "Loads a library by its path."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_carried", NULL, -1, methods, NULL, NULL, NULL, NULL,
};
static PyObject *init_carried(void) { return PyModule_Create(&module); }

static void must(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

/* Isolates the interpreter from a Python that this machine may have. */
static void configure(PyConfig *config, int argc, char **argv, const char *executable) {
    /* Without utf8_mode, file names and output would be ASCII under LANG=C. */
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    must(Py_PreInitialize(&before));
    /* Not PyConfig_InitIsolatedConfig, which installs no handlers for SIGINT and SIGPIPE. */
    PyConfig_InitPythonConfig(config);
    config->isolated = 1;
    config->use_environment = 0;
    config->user_site_directory = 0;
    config->safe_path = 1;
    config->site_import = 0;
    config->write_bytecode = 0;
    config->pathconfig_warnings = 0;
    config->parse_argv = 0;
    must(PyConfig_SetBytesArgv(config, argc, argv));
    must(PyConfig_SetBytesString(config, &config->run_command, BOOT));
    must(PyConfig_SetBytesString(config, &config->executable, executable));
    must(PyConfig_SetBytesString(config, &config->base_executable, executable));
    must(PyConfig_SetBytesString(config, &config->program_name, executable));
    wchar_t **folders[] = {&config->home, &config->prefix, &config->base_prefix,
        &config->exec_prefix, &config->base_exec_prefix, &config->stdlib_dir};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        must(PyConfig_SetString(config, folders[i], L"/nonexistent"));
    must(PyConfig_SetString(config, &config->platlibdir, L"lib"));
    wchar_t *path = Py_DecodeLocale(executable, NULL);
    if (!path) abort();
    config->module_search_paths_set = 1;
    must(PyWideStringList_Append(&config->module_search_paths, path));
    PyMem_RawFree(path);
}

int main(int argc, char **argv) {
    const char *slash = argc ? strrchr(argv[0], '/') : NULL;
    int code = argc ? run_as(slash ? slash + 1 : argv[0], argv) : -1;
    if (code >= 0) return code;

    char executable[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length < 0) {
        fprintf(stderr, "%s: cannot run without /proc, which is not mounted: "
                "mount -t proc proc /proc\n", NAME);
        return 2;
    }
    executable[length] = 0;
    PyImport_AppendInittab("_carried", init_carried);
    PyConfig config;
    configure(&config, argc, argv, executable);
    must(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return Py_RunMain();
}
