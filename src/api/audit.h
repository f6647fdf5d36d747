/* A look at the free lists when the program ends: misuse that the hit path of free cannot see. */
#ifndef HP_API_AUDIT_H
#define HP_API_AUDIT_H

/* Looks through the lists of the calling thread; a damaged one ends the program with a message. */
void hp_audit(void);

#endif
