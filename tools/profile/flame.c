/* See flame.h. */
#include "profile/flame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In pixels. */
enum { WIDTH = 1200, MARGIN = 10, ROW = 18, TITLE = 40, CHARACTER = 7 };

static const double LEAST_WIDTH = 0.3;

struct node {
	const char *name;
	uint64_t bytes;
	struct node *children, *next;
};

static struct node *child_of(struct node *parent, const char *name)
{
	struct node **at = &parent->children;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (!*at || strcmp((*at)->name, name) != 0) {
		struct node *fresh = calloc(1, sizeof(*fresh));

		if (!fresh)
			return NULL;
		fresh->name = name;
		fresh->next = *at;
		*at = fresh;
	}
	return *at;
}

static void free_children(struct node *node)
{
	while (node->children) {
		struct node *child = node->children;

		node->children = child->next;
		free_children(child);
		free(child);
	}
}

static bool add_sample(struct node *root, const struct hp_profile *profile,
		       const struct hp_names *names, const struct hp_profile_sample *sample,
		       bool is_live)
{
	uint64_t bytes = sample->values[is_live ? HP_PROFILE_LIVE_BYTES : HP_PROFILE_ALLOC_BYTES];
	struct node *node = root;

	if (!bytes)
		return true;
	root->bytes += bytes;
	for (size_t i = sample->frames; i-- > 0;) {
		node = child_of(node, hp_names_get(names, profile->frames[sample->first + i]));
		if (!node)
			return false;
		node->bytes += bytes;
	}
	return true;
}

static unsigned depth_of(const struct node *node)
{
	unsigned deepest = 0;

	for (const struct node *child = node->children; child; child = child->next) {
		unsigned depth = 1 + depth_of(child);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}

/* As XML wants it. */
static void print_text(FILE *out, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* A byte that is no ASCII may be the half of a character that was cut. */
			fputc(text[i] & 0x80 ? '?' : text[i], out);
		}
	}
}

/* A warm colour, the same for the same function. */
static void print_colour(FILE *out, const char *name)
{
	uint32_t hash = 2166136261u;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619u;
	fprintf(out, "rgb(%u,%u,%u)", 205 + hash % 50, 90 + (hash >> 8) % 130, (hash >> 16) % 60);
}

static void print_box(FILE *out, const struct node *node, double x, double width, double y,
		      uint64_t total)
{
	size_t room = (size_t)(width / CHARACTER);

	fprintf(out, "<g><title>");
	print_text(out, node->name, SIZE_MAX);
	fprintf(out,
		": %.1f KB, %.1f %%</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%d\" rx=\"1\" fill=\"",
		(double)node->bytes / 1024, 100.0 * (double)node->bytes / (double)total, x, y,
		width, ROW - 1);
	print_colour(out, node->name);
	fputs("\"/>", out);
	if (room > 2) {
		bool is_cut = strlen(node->name) > room;

		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">", x + 3, y + ROW - 5);
		print_text(out, node->name, is_cut ? room - 2 : room);
		fputs(is_cut ? "..</text>" : "</text>", out);
	}
	fputs("</g>\n", out);
}

static void print_children(FILE *out, const struct node *node, double x, double y, uint64_t total)
{
	for (const struct node *child = node->children; child; child = child->next) {
		double width = (double)child->bytes / (double)total * (WIDTH - 2 * MARGIN);

		if (width >= LEAST_WIDTH) {
			print_box(out, child, x, width, y, total);
			print_children(out, child, x, y - ROW, total);
		}
		x += width;
	}
}

static void print_all(FILE *out, const struct node *root, bool is_live)
{
	int height = TITLE + ROW * (int)(depth_of(root) + 1) + MARGIN;

	fprintf(out,
		"<?xml version=\"1.0\" standalone=\"no\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fffdf5\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"15\">%s: %.1f MB by call stack</text>\n",
		WIDTH, height, WIDTH, height, MARGIN,
		is_live ? "Live at the end" : "Allocated in all",
		(double)root->bytes / (1024 * 1024));
	if (root->bytes)
		print_children(out, root, MARGIN, height - MARGIN - ROW, root->bytes);
	fputs("</svg>\n", out);
}

bool hp_flame_write(FILE *out, const struct hp_profile *profile, const struct hp_names *names,
		    bool is_live)
{
	struct node root = { .name = "" };
	bool is_done = true;

	for (size_t i = 0; i < profile->sample_count && is_done; i++)
		is_done = add_sample(&root, profile, names, &profile->samples[i], is_live);
	if (is_done)
		print_all(out, &root, is_live);
	free_children(&root);
	return is_done;
}
