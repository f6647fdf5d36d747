/* Finds the program that is to be run, and names what a library cannot be preloaded into. */
#ifndef HP_TOOLS_RUN_PROGRAM_H
#define HP_TOOLS_RUN_PROGRAM_H

/* Exit statuses as those of env, nohup and timeout. */
enum hp_exit {
	HP_EXIT_FAILED = 125,	  /* the tool itself */
	HP_EXIT_CANNOT_RUN = 126, /* found */
	HP_EXIT_NOT_FOUND = 127,
};

/* The exit status for an errno of exec. */
int hp_exit_of_errno(int error);

/*
 * Sets *out_path to the file that `name` stands for, found along PATH as execvp() does; the caller
 * frees it. Returns 0, or says why not and returns the exit status.
 */
int hp_program_find(const char *name, char **out_path);

/* Returns 0 if the preload library will work in `path`, or says why not and returns the status. */
int hp_program_check(const char *path);

#endif
