/* The words shared by the parts of the recorder: a traced thread, an operation, and what each part offers the others.
 * An operation is one system call that changes, or syncs, a file system below a watched directory. */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Longer than PATH_MAX: the path of a directory and a relative path of a caller, one after the other. */
#define LONG_PATH 8448
#define MOST_UNDER 16

enum kind {
	OP_NONE, /* must run in its turn, but changes nothing: opening a file that is there */
	OP_WRITE, OP_CREATE, OP_TRUNCATE, OP_RENAME, OP_LINK, OP_SYMLINK, OP_UNLINK, OP_MKDIR, OP_RMDIR, OP_MKNOD, OP_BIND,
	OP_CHMOD, OP_CHOWN, OP_UTIMES, OP_SETXATTR, OP_REMOVEXATTR, OP_FALLOCATE,
	OP_FSYNC, OP_FDATASYNC, OP_SYNC, OP_SYNCFS, OP_MSYNC,
	/* What a row of the table of calls may say besides; never the kind of an operation. */
	CALL_OPEN, CALL_CLONE_FILE, CALL_MAP,
	/* What only looks: at an entry, its size too, what a file holds, the names in a directory,
	 * whether it is one, a program to be started. */
	LOOK_ENTRY, LOOK_STAT, LOOK_CONTENT, LOOK_NAMES, LOOK_DIRECTORY, LOOK_EXEC,
};

/* How the last component of a path is looked up. */
enum look { FOLLOW, STAY, FOLLOW_UNLESS_FLAG, STAY_UNLESS_FLAG };

/* One row of the table of calls. Numbers are positions of arguments, -1 is "has none". */
struct call {
	int nr;
	enum kind kind;
	signed char fd, dir, path, to_dir, to, flags;
	enum look look;
};

struct tracee {
	pid_t tid, tgid, parent;
	/* Descriptors of /proc/<tid>, of its mem, and of its fdinfo/<info_of>; -1 when not open. */
	int home, memory, info, info_of;
	const struct call *call;
	uint64_t nr, args[6];
	bool queued, told_foreign, told_denied;
	int waits_for; /* a pipe it will read from, -1 when it waits for none */
	struct tracee *next, *behind; /* the table; the queue */
};

struct op {
	enum kind kind;
	int fd; /* the descriptor it works on, -1 when it has a path only */
	char path[LONG_PATH], to[LONG_PATH], text[4096]; /* text: target of a symlink, name of an attribute */
	bool deleted, exchange, injected, synchronous, appends; /* synchronous: a write that is durable when it returns */
	const char *type; /* of mknod */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int fallocate_mode;
	int64_t offset, size; /* of writes, truncate, fallocate */
	int64_t data, length; /* where its bytes lie in the data file; length -1 when it has none */
	int64_t result;
};

/* What the kernel tells of a stopped call (PTRACE_GET_SYSCALL_INFO), the same on all architectures. */
struct call_stop {
	uint8_t kind, padding[3];
	uint32_t arch;
	uint64_t instruction, stack;
	union {
		struct {
			uint64_t nr, args[6];
			uint32_t data;
		} seccomp;
		struct {
			int64_t result;
			uint8_t is_error;
		} exit;
	};
};

/* ---- tracee.c: the table of traced threads, their memory, and resuming them */
extern struct tracee *tracees;
struct tracee *find_tracee(pid_t tid);
struct tracee *add_tracee(pid_t tid);
void remove_tracee(struct tracee *t);
void read_family(struct tracee *t);
bool read_call(struct tracee *t, struct call_stop *stop);
void forget_program(struct tracee *t);
int open_of(struct tracee *t, const char *name, int flags);
bool link_of(struct tracee *t, const char *name, char *out, size_t size);
bool stat_of(struct tracee *t, const char *name, struct stat *status, bool follow);
void tell_if_denied(struct tracee *t);
ssize_t read_memory(struct tracee *t, uint64_t address, void *buffer, size_t size);
bool write_memory(struct tracee *t, uint64_t address, const void *bytes, size_t size);
bool read_string(struct tracee *t, uint64_t address, char *buffer, size_t size);
void resume(struct tracee *t, int request, int signal);

/* ---- processor.c: where we and the traced run */
void share_processor(void);
void settle(pid_t tid);
void part_if_crowded(void);

/* ---- filter.c */
const char *install_filter(void);
#define FOREIGN_CALL 1 /* what the filter says of a call of another architecture */

/* ---- calls.c: which system calls change a file system, and how their arguments lie */
extern const struct call calls[];
extern const int call_count;
extern const struct call look_calls[];
extern const int look_call_count;
const struct call *find_call(uint64_t nr);

/* ---- decode.c: from a stopped call to an operation */
bool decode(struct tracee *t, struct op *op);
bool open_flags(struct tracee *t, uint64_t *flags);
bool follows(const struct tracee *t);
bool names_descriptor(struct tracee *t, uint64_t address);
void complete(struct tracee *t, struct op *op, int64_t result);

/* ---- looks.c: what processes look at; only where that is asked for */
extern bool keeps_looks;
bool decode_look(struct tracee *t, struct op *op);
void note_looks(struct tracee *t, const struct op *op);

/* ---- alter.c: what is done to a call before it is made */
int blocking_input(struct tracee *t);
bool halve(struct tracee *t, const struct op *op);

/* ---- contents.c: where a write went and what it wrote */
void locate_write(struct tracee *t, struct op *op);
void copy_write(struct tracee *t, struct op *op);
int64_t copy_file(const char *file, int64_t offset, int64_t length, int64_t *start);

/* ---- paths.c */
bool watch(const char *directory);
bool is_watched(const char *path);
bool shares_file_system(dev_t device);
bool path_of_argument(struct tracee *t, int dir, uint64_t address, bool follow, char *out);
bool path_of_text(struct tracee *t, int dir, const char *text, bool follow, char *out);
bool path_as_said(struct tracee *t, int dir, const char *text, char *out);
void descriptor_link(const struct tracee *t, int fd, char *out, size_t size);
bool link_of_descriptor(struct tracee *t, int fd, char *out);
bool stat_descriptor(struct tracee *t, int fd, struct stat *status);
bool path_of_mapping(const struct tracee *t, uint64_t address, char *out);

/* ---- links.c */
void remember_link(const char *path, const char *to);
bool path_of_descriptor(struct tracee *t, int fd, char *out, bool *deleted);
bool strip_deleted(char *path);

/* ---- log.c */
bool open_log(const char *log, const char *data);
void flush_log(void);
void close_log(void);
bool keeps_data(void);
int64_t data_position(void);
char *data_room(size_t *size);
void data_added(size_t size);
void make_data_room(void);
void log_op(uint64_t k, pid_t pid, const struct op *op);
void note_exec(const struct tracee *t);
void note_exit(pid_t pid, int status);
void note_mark(const char *name);
void note_unseen(const char *what, pid_t pid, const char *path);
void note_look(const char *what, pid_t pid, const char *path, bool stays, bool anew);

/* ---- names.c, json.c */
const char *kind_name(enum kind kind);
enum kind kind_number(const char *name);
const char *error_name(int error);
int error_number(const char *name);
const char *signal_name(int signal);
int signal_number(const char *name);
void json_string(FILE *stream, const char *text);

/* ---- inject.c */
enum action { DO_NOTHING, DO_KILL_BEFORE, DO_KILL_AFTER, DO_TORN, DO_ERRNO, DO_SIGNAL };
struct injection {
	enum action action;
	int error, signal;
	bool sticky, fired;
	enum kind first; /* of the operation a sticky error began with */
	uint64_t k, nth, seen;
	enum kind op;
	bool any_op;
	char path[4096];
};
bool arm(const char *spec, uint64_t last_k, char *why, size_t size);
struct injection *injection_for(const struct op *op, uint64_t k);
const char *action_name(enum action action);

/* ---- events.c */
bool open_events(const char *file);
void events_to(FILE *stream);
void event(const char *name);
void event_number(const char *name, const char *key, uint64_t number);
void event_killed(const pid_t *killed, int count);
void event_fired(const struct injection *injection, uint64_t k, const struct op *op, pid_t pid, const pid_t *killed, int count);
void event_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- turn.c: one operation at a time */
void consider(struct tracee *t);
void input_came(struct tracee *t);
void finish(struct tracee *t, int64_t result);
void leave(struct tracee *t);
void next_turn(void);
void between_operations(void (*what)(void));
void clear_turn(void);
bool is_held(void);

/* ---- supervise.c: what the kernel reports, the kill, the commands */
struct supervisor {
	uint64_t k; /* of the last operation */
	bool stopped, paused;
	bool closed; /* who wants to join waits until `admit` */
	int status; /* of the process that `run` started */
	pid_t first;
};
extern struct supervisor supervisor;
bool handle_report(bool alone);
bool attach(pid_t pid);
int kill_everything(pid_t **killed);
void command_pause(void);
void command_resume(void);
void command_mark(const char *name);
void command_stop(void);
void command_admit(void);
void command_kill(void);

/* ---- serve.c, join.c */
enum { ANSWER_TRACED = 't', ANSWER_UNTRACED = 'u', ANSWER_REFUSED = 'r' };
int run(char **argv);
int serve(const char *socket_path);
int join(const char *socket_path, char **argv);
_Noreturn void become_traced(int connection, char **argv);

#endif
