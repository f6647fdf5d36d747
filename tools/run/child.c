/* See child.h. Signals are blocked and waited for: there is no handler, and so no race with one. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/child.h"

static sigset_t awaited_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGHUP,	 SIGINT,  SIGQUIT,
				       SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	return set;
}

/* What the child gets back before it becomes the program. */
struct inherited {
	struct sigaction child_action;
	sigset_t mask;
};

/* Becomes the program, or sends errno through the pipe, which exec closes. */
static void start(const char *path, char *const *arguments, const struct inherited *inherited,
		  int error_pipe)
{
	sigaction(SIGCHLD, &inherited->child_action, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
	execvp(path, arguments);
	if (write(error_pipe, &errno, sizeof(errno)) != sizeof(errno))
		_exit(127);
	_exit(0);
}

/* Waits for the end of the child. It is not reaped before, so its id is no other process's. */
static int wait_for(pid_t pid, const sigset_t *signals)
{
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		siginfo_t info;
		int signal = sigwaitinfo(signals, &info);

		if (signal > 0 && signal != SIGCHLD && info.si_code <= 0)
			kill(pid, signal);
	}
	return status;
}

int hp_child_run(const char *path, char *const *arguments, volatile uint64_t *pid_at,
		 int *out_status)
{
	/* Where SIGCHLD is ignored, there is no child left to wait for. */
	const struct sigaction child_action = { .sa_handler = SIG_DFL };
	const sigset_t signals = awaited_signals();
	int error_pipe[2], error = 0, status;
	struct inherited inherited;
	pid_t pid;

	if (pipe2(error_pipe, O_CLOEXEC))
		return -errno;
	sigaction(SIGCHLD, &child_action, &inherited.child_action);
	sigprocmask(SIG_BLOCK, &signals, &inherited.mask);
	pid = fork();
	if (pid < 0)
		error = errno;
	if (pid == 0) {
		*pid_at = (uint64_t)getpid();
		start(path, arguments, &inherited, error_pipe[1]);
	}
	close(error_pipe[1]);
	if (pid > 0 && read(error_pipe[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(error_pipe[0]);
	status = pid > 0 ? wait_for(pid, &signals) : 0;
	if (error)
		return -error;
	*out_status = status;
	return 0;
}
