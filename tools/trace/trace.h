/* What the verbs below `hpalloc trace` share. */
#ifndef HP_TOOLS_TRACE_H
#define HP_TOOLS_TRACE_H

#include <argp.h>

#include "trace/merge.h"

/* Each gets its own argument vector and returns the exit status. */
int hp_trace_csv(int argc, char **argv);
int hp_trace_heaptrack(int argc, char **argv);
int hp_trace_plot(int argc, char **argv);
int hp_trace_record(int argc, char **argv);
int hp_trace_replay(int argc, char **argv);
int hp_trace_summary(int argc, char **argv);

/*
 * A verb whose one argument is a trace, for all of which `run` does something: returns the exit
 * status. `doc` is for its help.
 */
typedef int hp_trace_run(const struct hp_tape *tape, struct hp_merge *merge);
int hp_trace_run_file(int argc, char **argv, const char *doc, hp_trace_run *run);

/* What a parser leaves to it: the one argument, which is a trace's file. */
error_t hp_trace_parse_path(int key, char *text, struct argp_state *state, const char **path);

/* Opens the trace and begins at its first event, or says why not: 0 or the exit status. */
int hp_trace_open(const char *path, struct hp_tape *out_tape, struct hp_merge *out_merge);
void hp_trace_close(struct hp_tape *tape, struct hp_merge *merge);

/* The events are all read, or memory is out, which is said: the exit status. */
int hp_trace_finish(const struct hp_merge *merge);

const char *hp_trace_op_name(enum hp_trace_op op);

/* "1.5 MB" into `text`, which it returns. */
#define HP_TRACE_TEXT_BYTES 32
char *hp_trace_size_text(double bytes, char text[static HP_TRACE_TEXT_BYTES]);
char *hp_trace_time_text(double ns, char text[static HP_TRACE_TEXT_BYTES]);

#endif
