/* See python.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/python.h"
#include "common/say.h"

#define PYTHON "/usr/bin/python3"

void hp_python_become(char **arguments)
{
	static char debian[] = PYTHON, any[] = "python3";

	arguments[0] = access(PYTHON, X_OK) ? any : debian;
	execvp(arguments[0], arguments);
	hp_say("%s: %s", arguments[0], strerror(errno));
}
