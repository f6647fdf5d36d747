/*
 * Accesses that the kernel refuses: see os.h. The handlers stay for good; what they call must be as
 * async-signal-safe as they are.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "os/os.h"
#include "os/result.h"

/* Written by hp_os_trap_catch() alone, one thread at a time, before the handler is set. */
static struct trap {
	int signal;
	int code; /* of a fault that can be mended */
	bool (*mend)(void *address);
	struct sigaction first; /* who had the signal before us */
	struct sigaction next;	/* or took it from us, and lost it again */
	bool is_caught;
} traps[] = {
	[HP_OS_TRAP_NO_PAGE] = { .signal = SIGBUS, .code = BUS_ADRERR },
	[HP_OS_TRAP_PROTECTED] = { .signal = SIGSEGV, .code = SEGV_ACCERR },
};

/*
 * A handler that took the signal from us, and lost it again, may call ours: from further down the
 * stack, with what it was called with. It may also jump out, and its frame is then used anew.
 */
static __thread struct {
	const siginfo_t *info;
	uintptr_t frame;
} chained;

static struct trap *trap_of(int signal)
{
	return &traps[signal == SIGBUS ? HP_OS_TRAP_NO_PAGE : HP_OS_TRAP_PROTECTED];
}

/* Not by an access that comes again: by kill(), or of a memory error somewhere. */
static bool is_sent(const siginfo_t *info)
{
	return info->si_code <= 0 || (info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/* The access comes again, or the signal: without a handler. */
static void end_by(int signal, const siginfo_t *info)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	sigaction(signal, &standard, NULL);
	if (is_sent(info))
		raise(signal);
}

/* As if the kernel had called it; its mask ends with this handler. */
static void call(struct sigaction *next, int signal, siginfo_t *info, void *context)
{
	struct sigaction now = *next;

	if (now.sa_flags & SA_RESETHAND)
		*next = (struct sigaction){ .sa_handler = SIG_DFL };
	if (now.sa_flags & SA_NODEFER) {
		sigset_t own;

		sigemptyset(&own);
		sigaddset(&own, signal);
		pthread_sigmask(SIG_UNBLOCK, &own, NULL);
	}
	pthread_sigmask(SIG_BLOCK, &now.sa_mask, NULL);
	if (now.sa_flags & SA_SIGINFO)
		now.sa_sigaction(signal, info, context);
	else
		now.sa_handler(signal);
}

static void chain(struct trap *trap, int signal, siginfo_t *info, void *context)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	bool is_nested = chained.info == info && frame < chained.frame;
	struct sigaction *next = is_nested ? &trap->first : &trap->next;

	if (next->sa_handler == SIG_IGN && is_sent(info))
		return;
	if (next->sa_handler == SIG_DFL || next->sa_handler == SIG_IGN) {
		end_by(signal, info);
		return;
	}
	chained.info = info;
	chained.frame = frame;
	call(next, signal, info, context);
}

#if defined(__x86_64__)
static const void *instruction(const ucontext_t *context)
{
	return (const void *)context->uc_mcontext.gregs[REG_RIP];
}
#elif defined(__aarch64__)
static const void *instruction(const ucontext_t *context)
{
	return (const void *)context->uc_mcontext.pc;
}
#else
#error "where is the instruction that a signal interrupted?"
#endif

/*
 * No handler of the program's may come in between and need what is being mended. A jump to where no
 * code is comes as a page that is protected, too.
 */
static bool mend(const struct trap *trap, const siginfo_t *info, const ucontext_t *context)
{
	sigset_t all, before;
	bool is_mended;

	if (info->si_code != trap->code || instruction(context) == info->si_addr)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	is_mended = trap->mend(info->si_addr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_mended;
}

static void handle(int signal, siginfo_t *info, void *context)
{
	struct trap *trap = trap_of(signal);
	int kept_errno = errno;
	bool is_mended = mend(trap, info, context);

	errno = kept_errno;
	if (!is_mended)
		chain(trap, signal, info, context);
}

static bool is_ours(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == handle;
}

int hp_os_trap_catch(enum hp_os_trap which, bool (*mender)(void *address))
{
	struct trap *trap = &traps[which];
	struct sigaction now, ours = { .sa_sigaction = handle };
	int error = hp_os_result(sigaction(trap->signal, NULL, &now));

	if (error || is_ours(&now))
		return error;
	trap->mend = mender;
	trap->next = now;
	if (!trap->is_caught)
		trap->first = now;
	trap->is_caught = true;
	ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (now.sa_flags & SA_RESTART);
	error = hp_os_result(sigaction(trap->signal, &ours, &now));
	/* Another thread may have been faster since the look. */
	if (!error && !is_ours(&now))
		trap->next = now;
	return error;
}
