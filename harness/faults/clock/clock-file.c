#define _GNU_SOURCE
#include "clock-file.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The file: a sequence number that is odd while the rest is being written, then the clock.
struct shared {
  _Atomic uint64_t sequence;
  struct cell_clock clock;
};

static const volatile struct shared *file;

// Runs before the program, and before any thread: the variable is read once.
__attribute__((constructor)) static void map_file(void) {
  const char *path = getenv("UPMATRIX_CLOCK");
  if (path == NULL || *path == '\0') return;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  void *mapped = mmap(NULL, sizeof(struct shared), PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (mapped != MAP_FAILED) file = mapped;
}

bool read_cell_clock(struct cell_clock *clock) {
  if (file == NULL) return false;
  for (;;) {
    uint64_t before = atomic_load_explicit(&((struct shared *)file)->sequence, memory_order_acquire);
    *clock = ((const struct shared *)file)->clock;
    atomic_thread_fence(memory_order_acquire);
    uint64_t after = atomic_load_explicit(&((struct shared *)file)->sequence, memory_order_relaxed);
    if (before == after && (before & 1) == 0) return clock->speed > 0;
  }
}

int kind_of_clock(clockid_t id) {
  switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return 1;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return 0;
    default:
      return -1;
  }
}

int64_t machine_now(clockid_t id) {
  struct timespec now = {0, 0};
  syscall(SYS_clock_gettime, id, &now);
  return from_timespec(&now);
}

int64_t cell_now(const struct cell_clock *clock, clockid_t id) {
  double passed = (double)(machine_now(CLOCK_MONOTONIC) - clock->anchor) * clock->speed;
  return (kind_of_clock(id) == 1 ? clock->wall : clock->monotonic) + (int64_t)passed;
}

int64_t machine_wait(const struct cell_clock *clock, int64_t cell_wait) {
  if (cell_wait <= 0) return 0;
  int64_t wait = (int64_t)((double)cell_wait / clock->speed);
  return wait > 0 ? wait : 1;
}

int64_t machine_moment(const struct cell_clock *clock, clockid_t id, int64_t cell_moment) {
  int64_t left = cell_moment - cell_now(clock, id);
  int64_t now = machine_now(kind_of_clock(id) == 1 ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  return left <= 0 ? now : now + machine_wait(clock, left);
}

struct timespec to_timespec(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / NANOSECONDS, .tv_nsec = nanoseconds % NANOSECONDS};
}

int64_t from_timespec(const struct timespec *time) {
  return (int64_t)time->tv_sec * NANOSECONDS + time->tv_nsec;
}
