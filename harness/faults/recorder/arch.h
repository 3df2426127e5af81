/* The only differences between the architectures: which ones a filter knows, and where a stopped call's registers are. */
#ifndef ARCH_H
#define ARCH_H

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define FOREIGN_NUMBERS 0x40000000u /* x32 has the same architecture and this bit in its numbers */

static inline int set_argument(pid_t tid, int position, uint64_t value)
{
	static const size_t at[6] = {
		offsetof(struct user_regs_struct, rdi), offsetof(struct user_regs_struct, rsi),
		offsetof(struct user_regs_struct, rdx), offsetof(struct user_regs_struct, r10),
		offsetof(struct user_regs_struct, r8), offsetof(struct user_regs_struct, r9),
	};
	return ptrace(PTRACE_POKEUSER, tid, (void *)at[position], (void *)value) == 0 ? 0 : -errno;
}

/* The call is skipped, and returns `result`. Number -1 means "skip"; then the kernel leaves the result as it stands. */
static inline int skip_call(pid_t tid, int64_t result)
{
	if (ptrace(PTRACE_POKEUSER, tid, (void *)offsetof(struct user_regs_struct, orig_rax), (void *)-1L) != 0) return -errno;
	return ptrace(PTRACE_POKEUSER, tid, (void *)offsetof(struct user_regs_struct, rax), (void *)result) == 0 ? 0 : -errno;
}

#elif defined(__aarch64__)

#define NATIVE_ARCH AUDIT_ARCH_AARCH64

static inline int set_argument(pid_t tid, int position, uint64_t value)
{
	struct user_regs_struct registers;
	struct iovec all = { &registers, sizeof registers };
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &all) != 0) return -errno;
	registers.regs[position] = value;
	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &all) == 0 ? 0 : -errno;
}

/* The number has a register set of its own here; the result goes where the first argument was. */
static inline int skip_call(pid_t tid, int64_t result)
{
	int none = -1;
	struct iovec number = { &none, sizeof none };
	if (ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &number) != 0) return -errno;
	return set_argument(tid, 0, (uint64_t)result);
}

#else
#error "The recorder knows x86-64 and aarch64 only"
#endif

#endif
