// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preparing a job: everything is checked and resolved here, once, so that a
 * submission has nothing left to check but an index and a tag.
 *
 * First decode, which has no effect, then keep, which can only run out of
 * places. Every rule about the numbers of a job is in prepare.c, which is pure. No
 * value from userspace reaches the hardware unchecked (ISO-6), and a job reaches
 * exactly the buffers that it names (ISO-4): the ranges built here are the only
 * ones that a backend ever sees.
 */
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_gem.h>

#include <layby/consent.h>

#include "charge.h"
#include "layby.h"
#include "prepare.h"

void layby_prepared_destroy(struct layby_prepared *prepared)
{
	while (prepared->objects)
		drm_gem_object_put(prepared->object[--prepared->objects]);
	kfree(prepared);
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

	if (!layby_prepare_place(range, layby_buffer_address(object), object->size, hw))
		return -EINVAL;
	if (output && layby_buffer_flags(object) & LAYBY_BUFFER_READ_ONLY)
		return -EACCES;
	return 0;
}

static int layby_ranges_resolve(struct layby_prepared *prepared,
				struct drm_file *file, u64 user, u32 count,
				bool output, struct layby_hw_range *hw)
{
	struct layby_range range[LAYBY_MAX_INPUTS];
	u32 i;
	int ret;

	BUILD_BUG_ON(LAYBY_MAX_OUTPUTS > LAYBY_MAX_INPUTS);

	if (copy_from_user(range, u64_to_user_ptr(user), count * sizeof(*range)))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		ret = layby_range_resolve(prepared, file, &range[i], output, &hw[i]);
		if (ret)
			return ret;
	}
	return 0;
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
	prepared->admission.longest_run_ns = args->longest_run_ns;
	prepared->admission.job_class = args->flags & LAYBY_JOB_INTERACTIVE ?
		LAYBY_CONSENT_INTERACTIVE : LAYBY_CONSENT_BATCH;

	ret = layby_range_resolve(prepared, file, &args->program, false,
				  &job->program);
	if (!ret)
		ret = layby_ranges_resolve(prepared, file, args->inputs,
					   args->input_count, false, job->input);
	if (!ret)
		ret = layby_ranges_resolve(prepared, file, args->outputs,
					   args->output_count, true, job->output);
	if (!ret && !layby_prepare_apart(job))
		ret = -EINVAL;
	prepared->admission.input_bytes = layby_ranges_bytes(job->input, job->input_count);
	prepared->admission.output_bytes = layby_ranges_bytes(job->output, job->output_count);
	return ret;
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
	struct layby_party *party = file->driver_priv;
	struct layby_job_prepare *args = data;
	struct layby_prepared *prepared;
	int ret;

	if (!layby_prepare_sane(args, party->partition->share.longest_run_ns))
		return -EINVAL;
	if (layby_party_dead(party))
		return -ESTALE;
	prepared = kzalloc(sizeof(*prepared), GFP_KERNEL_ACCOUNT);
	if (!prepared)
		return -ENOMEM;
	prepared->admission.party = party->id;
	prepared->admission.queue_depth = party->partition->share.queue_depth;
	ret = layby_prepare_resolve(prepared, file, args);
	if (!ret)
		ret = layby_charge_prepare(&party->partition->queue, prepared);
	if (!ret)
		ret = layby_prepared_keep(party, prepared, &args->job);
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
