// SPDX-License-Identifier: Apache-2.0
// Stands in for an ill disk, by LD_PRELOAD: what is written below ILL_FOLDER fails, or takes long, as the file ILL says.
// "EDQUOT": every time; "EIO 3": three times; "slow 20": milliseconds before each write and flush; "EROFS": nothing can be changed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static const struct {
    const char *name;
    int number;
} errors[] = {{"EDQUOT", EDQUOT}, {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EINTR", EINTR}, {"EROFS", EROFS}};

static int is_ours(const char *path) {
    const char *folder = getenv("ILL_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

// The error that a call has to fail with; 0 for none.
static int ill(void) {
    const char *file = getenv("ILL");
    char word[32] = "";
    long count = -1;
    FILE *state = file ? fopen(file, "r") : NULL;
    if (!state) return 0;
    if (fscanf(state, "%31s %ld", word, &count) < 1) word[0] = 0;
    fclose(state);
    if (strcmp(word, "slow") == 0) usleep((useconds_t)count * 1000);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (strcmp(word, errors[i].name) != 0 || count == 0) continue;
        if (count > 0 && (state = fopen(file, "w"))) {
            fprintf(state, "%s %ld\n", word, count - 1);
            fclose(state);
        }
        return errors[i].number;
    }
    return 0;
}

static int ill_descriptor(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path) ? ill() : 0;
}

// What changes a folder fails where nothing can be changed, and only there.
static int ill_path(const char *path) {
    const int error = is_ours(path) ? ill() : 0;
    return error == EROFS ? error : 0;
}

#define NEXT(name, ...) \
    static int (*next)(__VA_ARGS__); \
    if (!next) next = (int (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
#define FAIL(test) \
    do { \
        const int error = test; \
        if (error) return errno = error, -1; \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    FAIL(ill_descriptor(fd));
    return next(fd, bytes, count);
}

int fsync(int fd) {
    NEXT("fsync", int);
    FAIL(ill_descriptor(fd));
    return next(fd);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        NEXT(#name, const char *, int, ...); \
        mode_t mode = 0; \
        if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if (flags & (O_CREAT | O_WRONLY | O_RDWR)) FAIL(ill_path(path)); \
        return next(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) {
    NEXT("rename", const char *, const char *);
    FAIL(ill_path(to));
    return next(from, to);
}

int unlink(const char *path) {
    NEXT("unlink", const char *);
    FAIL(ill_path(path));
    return next(path);
}

int mkdir(const char *path, mode_t mode) {
    NEXT("mkdir", const char *, mode_t);
    FAIL(ill_path(path));
    return next(path, mode);
}
