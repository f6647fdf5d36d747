/* See publish.h. At exit the kernel is asked how much of the heap really was on huge pages. */
#include "api/publish.h"

#include "base/check.h"
#include "os/os.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "rt/options.h"

void hp_publish_init(void)
{
	void *page = NULL;
	int error;

	if (!hp_options.publish)
		return;
	error = hp_os_publish_map(hp_options.publish, sizeof(struct hp_published), &page);
	if (error)
		return; /* a child of the process that was meant, after that one has gone */
	hp_pool_lock();
	if (!hp_counters_publish(page, hp_os_pid()))
		hp_os_release(page, HP_PAGE_BYTES);
	hp_pool_unlock();
}

__attribute__((destructor)) static void ask_kernel(void)
{
	struct hp_published *page = hp_counters_page();
	uint64_t resident, huge;

	if (!page || page->pid != (uint64_t)hp_os_pid())
		return;
	for (unsigned i = 0; i < hp_regions.count; i++) {
		struct hp_region *region = &hp_regions.at[i];

		if (hp_os_thp_resident((void *)region->base, region->bytes, &resident, &huge))
			return;
		page->thp_resident_bytes += resident;
		page->thp_huge_bytes += huge;
	}
}
