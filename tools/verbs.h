/* The verbs of the command. Each gets its own argument vector and returns the exit status. */
#ifndef HP_TOOLS_VERBS_H
#define HP_TOOLS_VERBS_H

int hp_verb_bench(int argc, char **argv);
int hp_verb_demo(int argc, char **argv);
int hp_verb_doctor(int argc, char **argv);
int hp_verb_explain(int argc, char **argv);
int hp_verb_options(int argc, char **argv);
int hp_verb_pool(int argc, char **argv);
int hp_verb_profile(int argc, char **argv);
int hp_verb_run(int argc, char **argv);
int hp_verb_stat(int argc, char **argv);
int hp_verb_top(int argc, char **argv);
int hp_verb_trace(int argc, char **argv);

#endif
