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

// ---- waiting until a moment of the cell. Its speed may change meanwhile, so nobody waits longer than a slice without looking.

#define SLICE (10 * MILLISECOND)

// How long to wait now for a moment of the cell; 0 when it has come.
static struct timespec slice_until(int64_t moment) {
  struct cell_clock clock;
  if (!read_cell_clock(&clock)) return to_timespec(0);
  int64_t wait = machine_wait(&clock, moment - cell_now(&clock, CLOCK_MONOTONIC));
  return to_timespec(wait < SLICE ? wait : SLICE);
}

static int64_t moment_after(int64_t wait) {
  struct cell_clock clock;
  if (!read_cell_clock(&clock)) return 0;
  int64_t now = cell_now(&clock, CLOCK_MONOTONIC);
  return wait < INT64_MAX - now ? now + wait : INT64_MAX;
}

static bool is_over(int64_t moment) {
  struct cell_clock clock;
  return !read_cell_clock(&clock) || cell_now(&clock, CLOCK_MONOTONIC) >= moment;
}

// ---- sleeping

OURS int clock_nanosleep(clockid_t id, int flags, const struct timespec *wanted, struct timespec *left) {
  struct cell_clock clock;
  bool ours = kind_of_clock(id) >= 0 && wanted->tv_nsec >= 0 && wanted->tv_nsec < NANOSECONDS && read_cell_clock(&clock);
  if (!ours) return syscall(SYS_clock_nanosleep, id, flags, wanted, left) == 0 ? 0 : errno;
  int64_t wait = from_timespec(wanted);
  if (flags & TIMER_ABSTIME) wait -= cell_now(&clock, id);
  int64_t moment = moment_after(wait);
  while (!is_over(moment)) {
    struct timespec slice = slice_until(moment);
    if (syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &slice, NULL) == 0) continue;
    int error = errno;
    if (left != NULL && error == EINTR && !(flags & TIMER_ABSTIME) && read_cell_clock(&clock)) {
      int64_t rest = moment - cell_now(&clock, CLOCK_MONOTONIC);
      *left = to_timespec(rest > 0 ? rest : 0);
    }
    return error;
  }
  return 0;
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

static int poll_for(struct pollfd *files, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
  return (int)syscall(SYS_ppoll, files, count, limit, mask, KERNEL_SIGSET_BYTES);
}

OURS int ppoll(struct pollfd *files, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
  struct cell_clock clock;
  if (limit == NULL || !read_cell_clock(&clock)) {
    struct timespec copy = limit == NULL ? to_timespec(0) : *limit; // the kernel writes to it, the C library does not
    return poll_for(files, count, limit == NULL ? NULL : &copy, mask);
  }
  int64_t moment = moment_after(from_timespec(limit));
  for (;;) {
    struct timespec slice = slice_until(moment);
    int ready = poll_for(files, count, &slice, mask);
    if (ready != 0 || is_over(moment)) return ready;
  }
}

OURS int poll(struct pollfd *files, nfds_t count, int milliseconds) {
  if (milliseconds < 0) return poll_for(files, count, NULL, NULL);
  struct timespec limit = to_timespec((int64_t)milliseconds * MILLISECOND);
  return ppoll(files, count, &limit, NULL);
}

// The sets are the kernel's answer as well, so each slice begins with copies.
OURS int pselect(int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *limit, const sigset_t *mask) {
  struct cell_clock clock;
  struct {
    const sigset_t *mask;
    size_t bytes;
  } packed = {mask, KERNEL_SIGSET_BYTES};
  fd_set none, ins, outs, others;
  FD_ZERO(&none);
  ins = in != NULL ? *in : none;
  outs = out != NULL ? *out : none;
  others = other != NULL ? *other : none;
  bool sliced = limit != NULL && read_cell_clock(&clock);
  int64_t moment = sliced ? moment_after(from_timespec(limit)) : 0;
  for (;;) {
    struct timespec wait = sliced ? slice_until(moment) : limit != NULL ? *limit : to_timespec(0);
    int ready = (int)syscall(SYS_pselect6, count, in, out, other, limit == NULL ? NULL : &wait, &packed);
    if (ready != 0 || !sliced || is_over(moment)) return ready;
    if (in != NULL) *in = ins;
    if (out != NULL) *out = outs;
    if (other != NULL) *other = others;
  }
}

// The time that is left is not written back, which POSIX allows: callers that rely on it are not portable.
OURS int select(int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *limit) {
  if (limit == NULL) return pselect(count, in, out, other, NULL, NULL);
  struct timespec wanted = {.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_usec * 1000};
  return pselect(count, in, out, other, &wanted, NULL);
}

static int epoll_for(int epoll, struct epoll_event *events, int count, const struct timespec *limit, const sigset_t *mask) {
#ifdef SYS_epoll_pwait2
  int ready = (int)syscall(SYS_epoll_pwait2, epoll, events, count, limit, mask, KERNEL_SIGSET_BYTES);
  if (ready >= 0 || errno != ENOSYS) return ready;
#endif
  int milliseconds = limit == NULL ? -1 : (int)((from_timespec(limit) + MILLISECOND - 1) / MILLISECOND);
  return (int)syscall(SYS_epoll_pwait, epoll, events, count, milliseconds, mask, KERNEL_SIGSET_BYTES);
}

OURS int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *limit, const sigset_t *mask) {
  struct cell_clock clock;
  if (limit == NULL || !read_cell_clock(&clock)) return epoll_for(epoll, events, count, limit, mask);
  int64_t moment = moment_after(from_timespec(limit));
  for (;;) {
    struct timespec slice = slice_until(moment);
    int ready = epoll_for(epoll, events, count, &slice, mask);
    if (ready != 0 || is_over(moment)) return ready;
  }
}

OURS int epoll_pwait(int epoll, struct epoll_event *events, int count, int milliseconds, const sigset_t *mask) {
  if (milliseconds < 0) return epoll_for(epoll, events, count, NULL, mask);
  struct timespec limit = to_timespec((int64_t)milliseconds * MILLISECOND);
  return epoll_pwait2(epoll, events, count, &limit, mask);
}

OURS int epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds) {
  return epoll_pwait(epoll, events, count, milliseconds, NULL);
}

// ---- timers. The kernel keeps them: they go by the speed at the moment when they are set.

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

// Which clock a condition waits by is hidden in it: the moment is nearer to the clock that it was read from. `real` is the end
// of a slice; whether the cell's moment has come by then is told by the result.
static bool slice_on_machine(const struct timespec *moment, struct timespec *real) {
  struct cell_clock clock;
  *real = *moment;
  if (!read_cell_clock(&clock)) return true;
  clockid_t id = from_timespec(moment) > cell_now(&clock, CLOCK_REALTIME) / 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  int64_t end = machine_moment(&clock, id, from_timespec(moment));
  int64_t slice = machine_now(id) + SLICE;
  *real = to_timespec(end < slice ? end : slice);
  return end <= slice;
}

// A slice that is over counts as woken up without a reason, which every caller must expect of a condition.
OURS int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict moment) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (next == NULL) next = next_function("pthread_cond_timedwait");
  struct timespec real;
  bool last = slice_on_machine(moment, &real);
  int result = next(condition, mutex, &real);
  return result == ETIMEDOUT && !last ? 0 : result;
}

OURS int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t id,
                                const struct timespec *restrict moment) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  if (next == NULL) return EINVAL;
  struct timespec real;
  bool last = slice_on_machine(moment, &real);
  int result = next(condition, mutex, id, &real);
  return result == ETIMEDOUT && !last ? 0 : result;
}

OURS int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict moment) {
  static int (*next)(sem_t *, const struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "sem_timedwait");
  for (;;) {
    struct timespec real;
    bool last = slice_on_machine(moment, &real);
    if (next(semaphore, &real) == 0) return 0;
    if (errno != ETIMEDOUT || last) return -1;
  }
}
