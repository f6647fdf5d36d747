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
static struct source {
	struct sigaction first; /* who had the signal before us */
	struct sigaction next;	/* or took it from us, and lost it again */
	bool is_caught;
} bus, segv;

static struct trap {
	int signal;
	int code;
	struct source *source;
	hp_os_mender *mend;
} traps[] = {
	[HP_OS_TRAP_NO_PAGE] = { SIGBUS, BUS_ADRERR, &bus, NULL },
	[HP_OS_TRAP_PROTECTED] = { SIGSEGV, SEGV_ACCERR, &segv, NULL },
	[HP_OS_TRAP_GUARDED] = { SIGSEGV, SEGV_ACCERR, &segv, NULL },
};

enum { TRAPS = sizeof(traps) / sizeof(traps[0]) };

/*
 * A handler that took the signal from us, and lost it again, may call ours: from further down the
 * stack, with what it was called with. It may also jump out, and its frame is then used anew.
 */
static __thread struct {
	const siginfo_t *info;
	uintptr_t frame;
} chained;

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

/* As if the kernel had called it: with the mask of what was interrupted, and its own. */
static void call(struct sigaction *next, int signal, siginfo_t *info, ucontext_t *context)
{
	struct sigaction now = *next;
	sigset_t mask;

	if (now.sa_flags & SA_RESETHAND)
		*next = (struct sigaction){ .sa_handler = SIG_DFL };
	sigorset(&mask, &context->uc_sigmask, &now.sa_mask);
	if (!(now.sa_flags & SA_NODEFER))
		sigaddset(&mask, signal);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (now.sa_flags & SA_SIGINFO)
		now.sa_sigaction(signal, info, context);
	else
		now.sa_handler(signal);
}

static void chain(struct source *source, int signal, siginfo_t *info, ucontext_t *context)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	bool is_nested = chained.info == info && frame < chained.frame;
	struct sigaction *next = is_nested ? &source->first : &source->next;

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

static bool mend(const siginfo_t *info, const ucontext_t *context)
{
	for (unsigned i = 0; i < TRAPS; i++) {
		const struct trap *trap = &traps[i];

		if (trap->mend && trap->signal == info->si_signo && trap->code == info->si_code &&
		    trap->mend(info->si_addr, instruction(context)))
			return true;
	}
	return false;
}

static void handle(int signal, siginfo_t *info, void *context)
{
	int kept_errno = errno;
	bool is_mended = mend(info, context);

	errno = kept_errno;
	if (!is_mended)
		chain(signal == SIGBUS ? &bus : &segv, signal, info, context);
}

static bool is_ours(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == handle;
}

int hp_os_trap_catch(enum hp_os_trap which, hp_os_mender *mender)
{
	struct trap *trap = &traps[which];
	struct source *source = trap->source;
	struct sigaction now, ours = { .sa_sigaction = handle };
	int error = hp_os_result(sigaction(trap->signal, NULL, &now));

	trap->mend = mender;
	if (error || is_ours(&now))
		return error;
	source->next = now;
	if (!source->is_caught)
		source->first = now;
	source->is_caught = true;
	/* No handler of the program's may come in between and need what is being mended. */
	sigfillset(&ours.sa_mask);
	ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (now.sa_flags & SA_RESTART);
	error = hp_os_result(sigaction(trap->signal, &ours, &now));
	/* Another thread may have been faster since the look. */
	if (!error && !is_ours(&now))
		source->next = now;
	return error;
}

void hp_os_trap_spare(void (*block_all)(void))
{
	sigset_t before, spared;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	block_all();
	sigemptyset(&spared);
	for (unsigned i = 0; i < TRAPS; i++) {
		if (!sigismember(&before, traps[i].signal))
			sigaddset(&spared, traps[i].signal);
	}
	pthread_sigmask(SIG_UNBLOCK, &spared, NULL);
}
