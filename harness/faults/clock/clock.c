// Gives the processes of a cell a clock of their own: preloaded, it answers every question for the time and every wait with a
// time limit from the cell's clock file. It reaches programs that are linked dynamically and ask the C library; static
// programs, and those that call the kernel by themselves (Go's runtime, timer_create, futex), keep the machine's time. So do
// the times of files.
#define _GNU_SOURCE
#include "clock-file.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default")))
#define KERNEL_SIGSET_BYTES 8
#define MILLISECOND INT64_C(1000000)

// ---- asking for the time

OURS int clock_gettime(clockid_t id, struct timespec *time) {
  struct cell_clock clock;
  if (kind_of_clock(id) < 0 || !read_cell_clock(&clock)) return (int)syscall(SYS_clock_gettime, id, time);
  *time = to_timespec(cell_now(&clock, id));
  return 0;
}

OURS int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct cell_clock clock;
  if (!read_cell_clock(&clock)) return (int)syscall(SYS_gettimeofday, time, zone);
  int64_t now = cell_now(&clock, CLOCK_REALTIME);
  *time = (struct timeval){.tv_sec = now / NANOSECONDS, .tv_usec = now % NANOSECONDS / 1000};
  return 0;
}

OURS time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}

OURS int timespec_get(struct timespec *time, int base) {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, time);
  return base;
}

// ---- sleeping

OURS int clock_nanosleep(clockid_t id, int flags, const struct timespec *wanted, struct timespec *left) {
  struct cell_clock clock;
  struct timespec wait = *wanted;
  bool ours = kind_of_clock(id) >= 0 && wanted->tv_nsec < NANOSECONDS && read_cell_clock(&clock);
  clockid_t machine = id;
  if (ours && (flags & TIMER_ABSTIME)) {
    wait = to_timespec(machine_moment(&clock, id, from_timespec(wanted)));
    machine = kind_of_clock(id) == 1 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  } else if (ours) {
    wait = to_timespec(machine_wait(&clock, from_timespec(wanted)));
  }
  if (syscall(SYS_clock_nanosleep, machine, flags, &wait, left) == 0) return 0;
  if (ours && left != NULL && errno == EINTR && !(flags & TIMER_ABSTIME))
    *left = to_timespec((int64_t)((double)from_timespec(left) * clock.speed));
  return errno;
}

OURS int nanosleep(const struct timespec *wanted, struct timespec *left) {
  int error = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

OURS int usleep(useconds_t microseconds) {
  struct timespec wanted = to_timespec((int64_t)microseconds * 1000);
  return nanosleep(&wanted, NULL);
}

OURS unsigned int sleep(unsigned int seconds) {
  struct timespec left = {.tv_sec = seconds, .tv_nsec = 0};
  return nanosleep(&left, &left) == 0 ? 0 : (unsigned int)left.tv_sec;
}

// ---- waiting for something, with a limit. By the calls that know nanoseconds: a fast clock makes milliseconds too coarse.

static struct timespec *scaled(const struct timespec *limit, struct timespec *space) {
  struct cell_clock clock;
  if (limit == NULL) return NULL;
  *space = read_cell_clock(&clock) ? to_timespec(machine_wait(&clock, from_timespec(limit))) : *limit;
  return space;
}

static struct timespec *scaled_milliseconds(int milliseconds, struct timespec *space) {
  if (milliseconds < 0) return NULL;
  struct timespec limit = to_timespec((int64_t)milliseconds * MILLISECOND);
  return scaled(&limit, space);
}

OURS int ppoll(struct pollfd *files, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
  struct timespec space;
  return (int)syscall(SYS_ppoll, files, count, scaled(limit, &space), mask, KERNEL_SIGSET_BYTES);
}

OURS int poll(struct pollfd *files, nfds_t count, int milliseconds) {
  struct timespec space;
  return (int)syscall(SYS_ppoll, files, count, scaled_milliseconds(milliseconds, &space), NULL, KERNEL_SIGSET_BYTES);
}

OURS int pselect(int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *limit, const sigset_t *mask) {
  struct timespec space;
  struct {
    const sigset_t *mask;
    size_t bytes;
  } packed = {mask, KERNEL_SIGSET_BYTES};
  return (int)syscall(SYS_pselect6, count, in, out, other, scaled(limit, &space), &packed);
}

// The time that is left is not written back, which POSIX allows: callers that rely on it are not portable.
OURS int select(int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *limit) {
  if (limit == NULL) return pselect(count, in, out, other, NULL, NULL);
  struct timespec wanted = {.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_usec * 1000};
  return pselect(count, in, out, other, &wanted, NULL);
}

static int epoll_for(int epoll, struct epoll_event *events, int count, struct timespec *limit, const sigset_t *mask) {
#ifdef SYS_epoll_pwait2
  int ready = (int)syscall(SYS_epoll_pwait2, epoll, events, count, limit, mask, KERNEL_SIGSET_BYTES);
  if (ready >= 0 || errno != ENOSYS) return ready;
#endif
  int milliseconds = limit == NULL ? -1 : (int)((from_timespec(limit) + MILLISECOND - 1) / MILLISECOND);
  return (int)syscall(SYS_epoll_pwait, epoll, events, count, milliseconds, mask, KERNEL_SIGSET_BYTES);
}

OURS int epoll_pwait(int epoll, struct epoll_event *events, int count, int milliseconds, const sigset_t *mask) {
  struct timespec space;
  return epoll_for(epoll, events, count, scaled_milliseconds(milliseconds, &space), mask);
}

OURS int epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds) {
  return epoll_pwait(epoll, events, count, milliseconds, NULL);
}

OURS int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *limit, const sigset_t *mask) {
  struct timespec space;
  return epoll_for(epoll, events, count, scaled(limit, &space), mask);
}

// ---- timers

OURS int timerfd_settime(int timer, int flags, const struct itimerspec *wanted, struct itimerspec *old) {
  struct cell_clock clock;
  struct itimerspec real = *wanted;
  if (read_cell_clock(&clock)) {
    int64_t first = from_timespec(&wanted->it_value);
    real.it_interval = to_timespec(machine_wait(&clock, from_timespec(&wanted->it_interval)));
    // what kind of clock the timer has is not told: a moment is nearer to the clock that it was read from
    if (first > 0 && (flags & TFD_TIMER_ABSTIME)) {
      bool wall = first > cell_now(&clock, CLOCK_REALTIME) / 2;
      real.it_value = to_timespec(machine_moment(&clock, wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, first));
    } else {
      real.it_value = to_timespec(machine_wait(&clock, first));
    }
  }
  return (int)syscall(SYS_timerfd_settime, timer, flags, &real, old);
}

static struct timeval scaled_timeval(const struct cell_clock *clock, struct timeval limit) {
  int64_t wait = machine_wait(clock, (int64_t)limit.tv_sec * NANOSECONDS + limit.tv_usec * 1000);
  if (wait > 0 && wait < 1000) wait = 1000; // nothing would stop the timer
  return (struct timeval){.tv_sec = wait / NANOSECONDS, .tv_usec = wait % NANOSECONDS / 1000};
}

OURS int setitimer(__itimer_which_t which, const struct itimerval *wanted, struct itimerval *old) {
  struct cell_clock clock;
  if (wanted == NULL || which != ITIMER_REAL || !read_cell_clock(&clock)) return (int)syscall(SYS_setitimer, which, wanted, old);
  struct itimerval real = {scaled_timeval(&clock, wanted->it_interval), scaled_timeval(&clock, wanted->it_value)};
  return (int)syscall(SYS_setitimer, which, &real, old);
}

OURS unsigned int alarm(unsigned int seconds) {
  struct itimerval wanted = {{0, 0}, {.tv_sec = seconds, .tv_usec = 0}}, old = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &wanted, &old);
  return (unsigned int)old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}

// ---- threads that wait for each other until a moment

// The version that programs are linked against: without it the loader may give the one of 2002, with another structure.
static void *next_function(const char *name) {
#if defined(__x86_64__)
  void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#else
  void *found = NULL;
#endif
  return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

// Which clock a condition waits by is hidden in it: the moment is nearer to the clock that it was read from.
static struct timespec moment_on_machine(const struct timespec *moment) {
  struct cell_clock clock;
  if (!read_cell_clock(&clock)) return *moment;
  bool wall = from_timespec(moment) > cell_now(&clock, CLOCK_REALTIME) / 2;
  return to_timespec(machine_moment(&clock, wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, from_timespec(moment)));
}

OURS int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict moment) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (next == NULL) next = next_function("pthread_cond_timedwait");
  struct timespec real = moment_on_machine(moment);
  return next(condition, mutex, &real);
}

OURS int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t id,
                                const struct timespec *restrict moment) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  if (next == NULL) return EINVAL;
  struct timespec real = moment_on_machine(moment);
  return next(condition, mutex, id, &real);
}

OURS int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict moment) {
  static int (*next)(sem_t *, const struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec real = moment_on_machine(moment);
  return next(semaphore, &real);
}
