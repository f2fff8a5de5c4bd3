// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preparing a job: everything is checked and resolved here, once, so that a
 * submission has nothing left to check but an index and a tag.
 *
 * First decode, which has no effect, then keep, which can only run out of
 * places. No value from userspace reaches the hardware unchecked (ISO-6), and a
 * job reaches exactly the buffers that it names (ISO-4): the ranges built here
 * are the only ones that a backend ever sees.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_gem.h>

#include <layby/consent.h>

#include "layby.h"

void layby_prepared_destroy(struct layby_prepared *prepared)
{
	while (prepared->objects)
		drm_gem_object_put(prepared->object[--prepared->objects]);
	kfree(prepared);
}

static bool layby_range_inside(const struct layby_range *range, u64 size)
{
	u64 end;

	return range->length && IS_ALIGNED(range->offset, LAYBY_RANGE_ALIGN) &&
	       !check_add_overflow(range->offset, range->length, &end) &&
	       end <= size;
}

/* The buffer's reference goes to @prepared, whatever comes after. */
static int layby_range_resolve(struct layby_prepared *prepared,
			       struct drm_file *file,
			       const struct layby_range *range, bool output,
			       struct layby_hw_range *hw)
{
	struct drm_gem_object *object;

	if (range->pad)
		return -EINVAL;
	object = drm_gem_object_lookup(file, range->handle);
	if (!object)
		return -ENOENT;
	prepared->object[prepared->objects++] = object;

	if (!layby_range_inside(range, object->size))
		return -EINVAL;
	if (output && layby_buffer_flags(object) & LAYBY_BUFFER_READ_ONLY)
		return -EACCES;
	hw->address = layby_buffer_address(object) + range->offset;
	hw->length = range->length;
	return 0;
}

static int layby_ranges_resolve(struct layby_prepared *prepared,
				struct drm_file *file, u64 user, u32 count,
				bool output, struct layby_hw_range *hw)
{
	struct layby_range range[LAYBY_MAX_INPUTS];
	u32 i;
	int ret;

	if (copy_from_user(range, u64_to_user_ptr(user), count * sizeof(*range)))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		ret = layby_range_resolve(prepared, file, &range[i], output, &hw[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static bool layby_overlap(const struct layby_hw_range *a,
			  const struct layby_hw_range *b)
{
	return a->address < b->address + b->length &&
	       b->address < a->address + a->length;
}

static bool layby_overlap_any(const struct layby_hw_range *range,
			      const struct layby_hw_range *others, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (layby_overlap(range, &others[i]))
			return true;
	return false;
}

/* Inputs may overlap each other and the program: the job only reads them. */
static bool layby_outputs_apart(const struct layby_hw_job *job)
{
	const struct layby_hw_range *output;
	u32 i;

	for (i = 0; i < job->output_count; i++) {
		output = &job->output[i];
		if (layby_overlap(output, &job->program) ||
		    layby_overlap_any(output, job->input, job->input_count) ||
		    layby_overlap_any(output, job->output, i))
			return false;
	}
	return true;
}

static u64 layby_ranges_bytes(const struct layby_hw_range *range, u32 count)
{
	u64 bytes = 0;

	while (count--)
		bytes += range++->length;
	return bytes;
}

static int layby_prepare_resolve(struct layby_prepared *prepared,
				 struct drm_file *file,
				 const struct layby_job_prepare *args)
{
	struct layby_hw_job *job = &prepared->hw;
	int ret;

	job->input_count = args->input_count;
	job->output_count = args->output_count;
	prepared->longest_run_ns = args->longest_run_ns;
	prepared->job_class = args->flags & LAYBY_JOB_INTERACTIVE ?
		LAYBY_CONSENT_INTERACTIVE : LAYBY_CONSENT_BATCH;

	ret = layby_range_resolve(prepared, file, &args->program, false,
				  &job->program);
	if (!ret)
		ret = layby_ranges_resolve(prepared, file, args->inputs,
					   args->input_count, false, job->input);
	if (!ret)
		ret = layby_ranges_resolve(prepared, file, args->outputs,
					   args->output_count, true, job->output);
	if (!ret && !layby_outputs_apart(job))
		ret = -EINVAL;
	prepared->input_bytes = layby_ranges_bytes(job->input, job->input_count);
	prepared->output_bytes = layby_ranges_bytes(job->output, job->output_count);
	return ret;
}

static int layby_prepare_check(const struct layby_party *party,
			       const struct layby_job_prepare *args)
{
	BUILD_BUG_ON(LAYBY_MAX_OUTPUTS > LAYBY_MAX_INPUTS);

	if (args->flags & ~LAYBY_JOB_INTERACTIVE || args->job ||
	    args->input_count > LAYBY_MAX_INPUTS || !args->output_count ||
	    args->output_count > LAYBY_MAX_OUTPUTS || !args->longest_run_ns ||
	    args->longest_run_ns > party->partition->share.longest_run_ns)
		return -EINVAL;
	return 0;
}

/* The index is published under the queue lock, which is what submit reads by. */
static void layby_prepared_set(struct layby_party *party, u32 index,
			       struct layby_prepared *prepared)
{
	struct layby_queue *queue = &party->partition->queue;

	lockdep_assert_held(&party->lock);
	spin_lock_irq(&queue->lock);
	party->prepared[index] = prepared;
	spin_unlock_irq(&queue->lock);
}

static int layby_prepared_keep(struct layby_party *party,
			       struct layby_prepared *prepared, u32 *index)
{
	int ret = -EDQUOT;
	u32 i;

	mutex_lock(&party->lock);
	for (i = 0; i < LAYBY_PARTY_JOBS; i++) {
		if (party->prepared[i])
			continue;
		layby_prepared_set(party, i, prepared);
		party->prepared_count++;
		*index = i;
		ret = 0;
		break;
	}
	mutex_unlock(&party->lock);
	return ret;
}

int layby_job_prepare_ioctl(struct drm_device *drm, void *data,
			    struct drm_file *file)
{
	struct layby_job_prepare *args = data;
	struct layby_prepared *prepared;
	int ret;

	ret = layby_prepare_check(file->driver_priv, args);
	if (ret)
		return ret;
	if (layby_party_dead(file->driver_priv))
		return -ESTALE;
	prepared = kzalloc(sizeof(*prepared), GFP_KERNEL_ACCOUNT);
	if (!prepared)
		return -ENOMEM;
	ret = layby_prepare_resolve(prepared, file, args);
	if (!ret)
		ret = layby_prepared_keep(file->driver_priv, prepared, &args->job);
	if (ret)
		layby_prepared_destroy(prepared);
	return ret;
}

static int layby_prepared_take(struct layby_party *party, u32 index,
			       struct layby_prepared **prepared)
{
	struct layby_queue *queue = &party->partition->queue;
	int ret = 0;

	lockdep_assert_held(&party->lock);
	spin_lock_irq(&queue->lock);
	*prepared = party->prepared[index];
	if (!*prepared)
		ret = -ENOENT;
	else if ((*prepared)->in_flight)
		ret = -EBUSY;
	else
		party->prepared[index] = NULL;
	spin_unlock_irq(&queue->lock);
	return ret;
}

int layby_job_unprepare_ioctl(struct drm_device *drm, void *data,
			      struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	struct layby_job_unprepare *args = data;
	struct layby_prepared *prepared;
	int ret;

	if (args->pad)
		return -EINVAL;
	if (args->job >= LAYBY_PARTY_JOBS)
		return -ENOENT;
	mutex_lock(&party->lock);
	ret = layby_prepared_take(party, array_index_nospec(args->job, LAYBY_PARTY_JOBS),
				  &prepared);
	if (!ret)
		party->prepared_count--;
	mutex_unlock(&party->lock);
	if (!ret)
		layby_prepared_destroy(prepared);
	return ret;
}
