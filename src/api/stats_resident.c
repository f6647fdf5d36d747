/* What of the heap is there, by asking the kernel: see hpalloc/stats.h. */
#include <errno.h>
#include <string.h>

#include <hpalloc/hpalloc.h>

#include "api/init.h"
#include "os/os.h"
#include "pool/region.h"
#include "rt/meta.h"

/*
 * A region's mappings begin in it: what is reserved is mapped at its own start, and all else is put
 * over that. One that reaches beyond its end, because the kernel joined it with another of the
 * program's behind it, is counted whole; the main region has no neighbours.
 */
static int add_region(const struct hp_region *region, struct hp_stats_resident *resident)
{
	struct hp_os_resident found;
	int error = hp_os_resident((const void *)region->base,
				   hp_region_slots(region) * HP_HUGEPAGE_BYTES, &found);

	if (error)
		return error;
	resident->hugetlb_bytes += found.hugetlb;
	resident->thp_bytes += found.huge;
	resident->base_bytes += found.normal - found.huge;
	resident->swapped_bytes += found.swapped;
	return 0;
}

int hp_stats_get_resident(struct hp_stats_resident *out_resident, size_t resident_bytes)
{
	struct hp_stats_resident resident = { 0 };
	int kept_errno = errno, error = 0;
	unsigned count;

	if (resident_bytes > sizeof(resident))
		return EINVAL;
	hp_init();
	count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);
	for (unsigned i = 0; i < count && !error; i++)
		error = add_region(&hp_regions.at[i], &resident);
	resident.metadata_bytes = hp_meta_resident_bytes() + hp_region_table_resident_bytes();
	if (!error)
		memcpy(out_resident, &resident, resident_bytes);
	errno = kept_errno;
	return -error;
}
