// The clock of a cell: a small file that every process of the cell maps, and arithmetic between its time and the machine's.
#ifndef UPMATRIX_CLOCK_FILE_H
#define UPMATRIX_CLOCK_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NANOSECONDS INT64_C(1000000000)

// As one moment of the file says. Virtual time is `monotonic` (or `wall`) + (now - anchor) × speed.
struct cell_clock {
  int64_t anchor;    // the machine's CLOCK_MONOTONIC when this was written
  int64_t monotonic; // the cell's at that moment
  int64_t wall;      // the cell's CLOCK_REALTIME at that moment
  double speed;
};

// False when this process has no clock of its own: then everything is passed on as it is.
bool read_cell_clock(struct cell_clock *clock);

// Whether the clock follows the wall (1), counts on (0), or is none of ours (-1), such as processor time.
int kind_of_clock(clockid_t id);

// The machine's own clock, asked of the kernel: never ourselves.
int64_t machine_now(clockid_t id);
int64_t cell_now(const struct cell_clock *clock, clockid_t id);

// How long the machine has to wait for a wait of the cell; at least a nanosecond for what is longer than none.
int64_t machine_wait(const struct cell_clock *clock, int64_t cell_wait);
// When the machine's clock has reached what the cell's shows at `cell_moment`.
int64_t machine_moment(const struct cell_clock *clock, clockid_t id, int64_t cell_moment);

struct timespec to_timespec(int64_t nanoseconds);
int64_t from_timespec(const struct timespec *time);

#endif
