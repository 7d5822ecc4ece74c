/* A disk that tells what it was asked, and fails when it is told to: loaded before libc (LD_PRELOAD).
 *
 * Every change below the folder TIANBAO_DISK_FOLDER is done as asked and written down, in the order in which it
 * happened, at the end of the file TIANBAO_DISK_LOG; tests/faults/disk.py makes of it what a power loss would have
 * left. The file TIANBAO_DISK_FAULTS holds two numbers of 32 bits: the errno of a write (also of making, renaming
 * and lengthening a file) and that of a sync; 0 where there is none. -shm files are no part of it: SQLite makes them
 * anew after a power loss.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct head { uint8_t op, padding; uint16_t path_bytes; uint32_t data_bytes; uint64_t inode, offset; };

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char folder[PATH_MAX];
static volatile int32_t *faults;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("TIANBAO_DISK_FOLDER"), *log = getenv("TIANBAO_DISK_LOG");
    const char *told = getenv("TIANBAO_DISK_FAULTS");
    if (!where || !log || !told) return;
    snprintf(folder, sizeof folder, "%s/", where);
    int fd = syscall(SYS_openat, AT_FDCWD, told, O_RDONLY);
    if (fd < 0) abort();
    faults = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (log_fd < 0 || faults == MAP_FAILED) abort();
}

/* The path below the folder, NULL for what is none of ours. */
static const char *ours(const char *path) {
    size_t start = strlen(folder), length = strlen(path);
    if (log_fd < 0) return NULL;
    if (length + 1 == start && !strncmp(path, folder, length)) return "";
    if (length < start || strncmp(path, folder, start)) return NULL;
    return length > 4 && !strcmp(path + length - 4, "-shm") ? NULL : path + start;
}

static const char *path_of(int fd, char *buffer) {
    char link[64];
    if (log_fd < 0) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX - 1);
    if (got <= 0) return NULL;
    buffer[got] = 0;
    return ours(buffer);
}

static uint64_t inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

static void note(char op, const char *path, uint64_t inode, uint64_t offset, const void *data, size_t bytes) {
    struct head head = {op, 0, strlen(path), bytes, inode, offset};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, bytes}};
    int kept = errno;
    if (syscall(SYS_writev, log_fd, parts, 3) != (ssize_t)(sizeof head + head.path_bytes + bytes)) abort();
    errno = kept;
}

#define FAIL(number) do { int given = (number); if (given) { errno = given; return -1; } } while (0)

static int open_any(int at, const char *path, int flags, mode_t mode) {
    const char *own = at == AT_FDCWD ? ours(path) : NULL;
    if (!own || !(flags & (O_CREAT | O_TRUNC))) return syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&order);
    int is_new = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0, fd = -1;
    if (is_new && faults[0]) errno = faults[0];
    else fd = syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && is_new) note('c', own, inode_of(fd), 0, "", 0);
    else if (fd >= 0 && flags & O_TRUNC) note('t', own, inode_of(fd), 0, "", 0);
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, int); va_end(rest); \
    return open_any(AT_FDCWD, path, flags, mode); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, int); va_end(rest); \
    return open_any(at, path, flags, mode); }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

/* offset < 0: where the file stands */
static ssize_t write_any(int fd, const void *data, size_t bytes, off_t offset) {
    char buffer[PATH_MAX];
    const char *own = path_of(fd, buffer);
    if (!own) return offset < 0 ? syscall(SYS_write, fd, data, bytes) : syscall(SYS_pwrite64, fd, data, bytes, offset);
    FAIL(faults[0]);
    pthread_mutex_lock(&order);
    off_t at = offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset;
    ssize_t done = syscall(SYS_pwrite64, fd, data, bytes, at);
    if (done > 0 && offset < 0) lseek(fd, at + done, SEEK_SET);
    if (done > 0) note('w', own, inode_of(fd), at, data, done);
    pthread_mutex_unlock(&order);
    return done;
}
ssize_t write(int fd, const void *data, size_t bytes) { return write_any(fd, data, bytes, -1); }
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) { return write_any(fd, data, bytes, offset); }
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) { return write_any(fd, data, bytes, offset); }

static int truncate_any(int fd, off_t bytes) {
    char buffer[PATH_MAX];
    const char *own = path_of(fd, buffer);
    if (!own) return syscall(SYS_ftruncate, fd, bytes);
    FAIL(faults[0]);
    pthread_mutex_lock(&order);
    int done = syscall(SYS_ftruncate, fd, bytes);
    if (!done) note('t', own, inode_of(fd), bytes, "", 0);
    pthread_mutex_unlock(&order);
    return done;
}
int ftruncate(int fd, off_t bytes) { return truncate_any(fd, bytes); }
int ftruncate64(int fd, off64_t bytes) { return truncate_any(fd, bytes); }

/* The order is kept through the sync itself: what is noted before it is on disk after it. A sync that fails says so
 * ('x'), and what waited for it never comes to the disk: that is what Linux does. */
static int sync_any(int fd, long number) {
    char buffer[PATH_MAX];
    const char *own = path_of(fd, buffer);
    if (!own) return syscall(number, fd);
    pthread_mutex_lock(&order);
    int failure = faults[1], done = failure ? -1 : syscall(number, fd);
    if (!done || failure) note(failure ? 'x' : 's', own, inode_of(fd), 0, "", 0);
    if (failure) errno = failure;
    pthread_mutex_unlock(&order);
    return done;
}
int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

/* A change of names: `call` does it, `data` is the second name where there is one. */
#define NAMES(op, own, data, call) do { \
    if (!(own)) return call; \
    FAIL(faults[0]); \
    pthread_mutex_lock(&order); \
    int done = call; \
    if (!done) note(op, own, 0, 0, data, strlen(data)); \
    pthread_mutex_unlock(&order); \
    return done; } while (0)
static int rename_any(const char *from, const char *to) {
    const char *own = ours(from), *other = ours(to);
    NAMES('r', other ? own : NULL, other, syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}
int rename(const char *from, const char *to) { return rename_any(from, to); }
int link(const char *from, const char *to) {
    const char *own = ours(from), *other = ours(to);
    NAMES('l', other ? own : NULL, other, syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int linkat(int at, const char *from, int other_at, const char *to, int flags) {
    if (at == AT_FDCWD && other_at == AT_FDCWD) return link(from, to);
    return syscall(SYS_linkat, at, from, other_at, to, flags);
}
int unlink(const char *path) {
    const char *own = ours(path);
    NAMES('u', own, "", syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
int mkdir(const char *path, mode_t mode) {
    const char *own = ours(path);
    NAMES('m', own, "", syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}
