/*
 * The libFuzzer target: any bytes are a program of the interpreter, run on an empty model. A first
 * byte from 0xc0 on says how often the operating system fails meanwhile.
 */
#include <stddef.h>
#include <stdint.h>

#include "model/interpreter.h"
#include "unit/fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hp_model model;

	hp_fault_none();
	hp_model_init(&model, NULL, 0);
	if (size > 0 && data[0] >= 0xc0) {
		hp_fault_randomly((data[0] & 0x3fu) * 16);
		model.may_be_refused = true;
		data++;
		size--;
	}
	hp_model_run(&model, data, size);
	hp_fault_none();
	hp_model_fini(&model);
	return 0;
}
