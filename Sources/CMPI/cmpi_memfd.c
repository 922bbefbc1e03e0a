// SPDX-License-Identifier: Apache-2.0
// Anonymous files in memory, found through /proc: the shared memory of ranks where /dev/shm is too small.
#define _GNU_SOURCE
#include "cmpi_memfd.h"
#include "cmpi_process.h"

#if defined(__linux__)
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

cmpi_memfd cmpi_memfd_create(size_t bytes) {
    cmpi_memfd file = {0, 0, cmpi_pid_namespace(), (int64_t)bytes, cmpi_own_pid(), -1};
    struct stat facts;
    int fd = memfd_create("lockstep", MFD_CLOEXEC);
    if (fd < 0) return file;
    // Allocated now: later there would be only SIGBUS. Not posix_fallocate, which writes where the kernel cannot reserve.
    if (ftruncate(fd, (off_t)bytes) != 0 || fallocate(fd, 0, 0, (off_t)bytes) != 0 || fstat(fd, &facts) != 0) {
        close(fd);
        return file;
    }
    file.device = facts.st_dev;
    file.inode = facts.st_ino;
    file.descriptor = fd;
    return file;
}

static int is_file(const struct stat *facts, const cmpi_memfd *file) {
    return facts->st_dev == file->device && facts->st_ino == file->inode && facts->st_size == (off_t)file->bytes;
}

void *cmpi_memfd_map(const cmpi_memfd *file) {
    char path[64];
    struct stat facts;
    // Process numbers mean something within one namespace only.
    if (file->descriptor < 0 || file->pid_namespace == 0 || file->pid_namespace != cmpi_pid_namespace()) return NULL;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", file->pid, file->descriptor);
    // Looked at before it is opened, which might do something to a file that is not ours.
    if (stat(path, &facts) != 0 || !is_file(&facts, file)) return NULL;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return NULL;
    void *base = MAP_FAILED;
    if (fstat(fd, &facts) == 0 && is_file(&facts, file))
        base = mmap(NULL, (size_t)file->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    close(fd);
    return base == MAP_FAILED ? NULL : base;
}

void cmpi_memfd_close(cmpi_memfd *file) {
    if (file->descriptor >= 0) close(file->descriptor);
    file->descriptor = -1;
}
#else
cmpi_memfd cmpi_memfd_create(size_t bytes) { return (cmpi_memfd){0, 0, 0, (int64_t)bytes, 0, -1}; }
void *cmpi_memfd_map(const cmpi_memfd *file) { (void)file; return NULL; }
void cmpi_memfd_close(cmpi_memfd *file) { (void)file; }
#endif
