/*
 * C++ operator new[] and delete[], plain and aligned. As the standard has it ([new.delete.array]),
 * each calls the operator without [] that the program sees: one that replaces only those gets all
 * its blocks back.
 */
#include "preload/preload.h"

void *hp_operator_new_array(size_t bytes)
{
	return hp_operator_new(bytes);
}
HP_OWN_NAME(hp_own_new_array, hp_operator_new_array, "_Znam");

void *hp_operator_new_array_aligned(size_t bytes, size_t align)
{
	return hp_operator_new_aligned(bytes, align);
}
HP_OWN_NAME(hp_own_new_array_aligned, hp_operator_new_array_aligned, "_ZnamSt11align_val_t");

void hp_operator_delete_array(void *block)
{
	hp_operator_delete(block);
}
HP_OWN_NAME(hp_own_delete_array, hp_operator_delete_array, "_ZdaPv");

void hp_operator_delete_array_aligned(void *block, size_t align)
{
	hp_operator_delete_aligned(block, align);
}
HP_OWN_NAME(hp_own_delete_array_aligned, hp_operator_delete_array_aligned, "_ZdaPvSt11align_val_t");
