// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy's files: read, verified, validated, put in force.
 *
 * Owns the built-in certificate, the policy in force and what
 * /sys/module/layby/policy says of them. Must never accept a file that another
 * key has signed, nor look into one before (ISO-9); never wait for userspace;
 * never fail an accelerator: without a policy the driving partition has all of
 * it, and there is no guest.
 *
 * What a signed file may say is policy.c's. Claims are made one after the other
 * under @claiming; the pointer is changed under @lock, the innermost one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/sha2.h>
#include <linux/args.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/firmware.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stringify.h>
#include <linux/sysfs.h>

#include "firmware.h"
#include "policy_check.h"
#include "signature.h"

/* What happens to the accelerator then, for the end of the one line. */
#define NO_POLICY	"layby: no policy in force, driving has the whole device: "

/* Out of Kbuild: DEVELOPMENT or PRODUCTION, and a decimal number */
#define CERTIFICATE_KEY	CONCATENATE(LAYBY_POLICY_KEY_, LAYBY_CERTIFICATE_KEY)
#define SERIAL_FLOOR	CONCATENATE(LAYBY_POLICY_FLOOR, ULL)

/* What an image holds can be seen without that it boots: modinfo layby.ko */
MODULE_INFO(policy_key, __stringify(LAYBY_CERTIFICATE_KEY));
MODULE_INFO(policy_serial_floor, __stringify(LAYBY_POLICY_FLOOR));

static struct {
	struct mutex claiming;	/* reading the files for one accelerator */
	spinlock_t lock;	/* the two below */
	struct layby_policy_in_force *policy;
	enum layby_policy_state state;
	struct key *keyring;
	struct kobject *sysfs;
} firmware = {
	.claiming = __MUTEX_INITIALIZER(firmware.claiming),
	.lock = __SPIN_LOCK_UNLOCKED(firmware.lock),
};

/* --- The policy in force -------------------------------------------------- */

static void layby_policy_free(struct kref *ref)
{
	struct layby_policy_in_force *policy =
		container_of(ref, struct layby_policy_in_force, ref);

	layby_keyring_destroy(policy->owner_keyring);
	kfree(policy);
}

void layby_policy_put(struct layby_policy_in_force *policy)
{
	if (policy)
		kref_put(&policy->ref, layby_policy_free);
}

struct layby_policy_in_force *layby_policy_get(void)
{
	struct layby_policy_in_force *policy;
	unsigned long flags;

	spin_lock_irqsave(&firmware.lock, flags);
	policy = firmware.policy;
	if (policy)
		kref_get(&policy->ref);
	spin_unlock_irqrestore(&firmware.lock, flags);
	return policy;
}

enum layby_policy_state layby_policy_state(void)
{
	return READ_ONCE(firmware.state);
}

enum layby_policy_key layby_policy_key(void)
{
	return CERTIFICATE_KEY;
}

u64 layby_policy_serial_floor(void)
{
	return SERIAL_FLOOR;
}

static void layby_policy_set(struct layby_policy_in_force *policy,
			     enum layby_policy_state state)
{
	spin_lock_irq(&firmware.lock);
	firmware.policy = policy;
	WRITE_ONCE(firmware.state, state);
	spin_unlock_irq(&firmware.lock);
}

/* --- What the validator is told of an accelerator ------------------------- */

static u64 layby_hw_reset_bound(const struct layby_hw *hw)
{
	u64 bound;

	if (check_mul_overflow(hw->reset_bound_ns, LAYBY_POLICY_RESET_OPERATIONS, &bound))
		return U64_MAX;
	return bound;
}

static void layby_policy_declare(struct layby_policy_hw *declared, const struct layby_hw *hw)
{
	*declared = (struct layby_policy_hw){
		.name = hw->name,
		.memory_bytes = hw->memory_bytes,
		.abort_bound_ns = hw->abort_bound_ns,
		.reset_bound_ns = layby_hw_reset_bound(hw),
		.serial_floor = SERIAL_FLOOR,
		.page_bytes = PAGE_SIZE,
		.tiles = hw->tiles,
		.slots = hw->slots,
		.queue_depth = hw->queue_depth,
		.throttle_mdeg = hw->throttle_mdeg,
		.sensor_error_mdeg = hw->sensor_error_mdeg,
		.die_resistance_mk_per_w = hw->die_resistance_mk_per_w,
	};
}

/* --- Out of the file, which is right by now ------------------------------- */

static void layby_policy_read_head(struct layby_policy_in_force *policy,
				   const struct layby_policy *file)
{
	policy->key = layby_policy_key();
	policy->serial = le64_to_cpu(file->serial);
	memcpy(policy->id, file->id, sizeof(policy->id));
	memcpy(policy->vehicle_type, file->vehicle_type, sizeof(policy->vehicle_type));
	policy->power_mw = le32_to_cpu(file->power_mw);
	policy->rail_mw = le32_to_cpu(file->rail_mw);
	policy->trip_mdeg = le32_to_cpu(file->trip_mdeg);
	policy->resume_mdeg = le32_to_cpu(file->resume_mdeg);
	policy->driving_power_mw = le32_to_cpu(file->driving_power_mw);
	policy->ambient_mdeg = le32_to_cpu(file->ambient_mdeg);
	policy->resistance_mk_per_w = le32_to_cpu(file->resistance_mk_per_w);
	policy->capacity_mj_per_k = le32_to_cpu(file->capacity_mj_per_k);
	policy->abort_ns = le64_to_cpu(file->abort_ns);
	policy->reclaim_ns = le64_to_cpu(file->reclaim_ns);
	policy->signal_age_ns = le64_to_cpu(file->signal_age_ns);
	policy->lease_age_ns = le64_to_cpu(file->lease_age_ns);
	policy->park_hold_ns = le64_to_cpu(file->park_hold_ns);
	policy->watchdog_ns = le64_to_cpu(file->watchdog_ns);
	policy->interval_ns = le64_to_cpu(file->interval_ns);
	policy->bucket_uj = le64_to_cpu(file->bucket_uj);
	policy->park_can_id = le32_to_cpu(file->park_can_id);
}

static void layby_policy_read_limit(struct layby_policy_in_force *policy,
				    const struct layby_hw *hw)
{
	struct layby_policy_hw declared;

	layby_policy_declare(&declared, hw);
	policy->limit_mdeg = layby_policy_guest_limit_mdeg(policy->trip_mdeg,
							   policy->rail_mw, &declared);
}

static void layby_policy_read_share(struct layby_policy_share *share,
				    const struct layby_policy_partition *file,
				    const struct layby_hw *hw)
{
	share->class = le32_to_cpu(file->partition_class);
	share->id = le32_to_cpu(file->id);
	share->tiles_driving = le32_to_cpu(file->tiles_driving);
	share->tiles_parked = le32_to_cpu(file->tiles_parked);
	share->queue_depth = le32_to_cpu(file->queue_depth);
	share->bandwidth_permille = le32_to_cpu(file->bandwidth_permille);
	share->window.address = hw->memory_address + le64_to_cpu(file->window_offset);
	share->window.length = le64_to_cpu(file->window_bytes);
	share->longest_run_ns = le64_to_cpu(file->longest_run_ns);
}

static void layby_policy_read_shares(struct layby_policy_in_force *policy, u32 class,
				     const struct layby_policy *file,
				     const struct layby_hw *hw)
{
	const struct layby_policy_partition *partition = (const void *)(file + 1);
	u32 i;

	for (i = 0; i < le32_to_cpu(file->partition_count); i++) {
		if (le32_to_cpu(partition[i].partition_class) == class)
			layby_policy_read_share(&policy->share[policy->share_count++],
						&partition[i], hw);
	}
}

static struct layby_policy_in_force *
layby_policy_read(const struct firmware *file, const struct layby_hw *hw)
{
	const struct layby_policy *head = (const void *)file->data;
	u32 owner_bytes = le32_to_cpu(head->owner_bytes);
	struct layby_policy_in_force *policy;

	policy = kzalloc(struct_size(policy, owner, owner_bytes), GFP_KERNEL);
	if (!policy)
		return ERR_PTR(-ENOMEM);
	kref_init(&policy->ref);
	sha256(file->data, file->size, policy->digest);
	layby_policy_read_head(policy, head);
	layby_policy_read_limit(policy, hw);
	layby_policy_read_shares(policy, LAYBY_CLASS_DRIVING, head, hw);
	layby_policy_read_shares(policy, LAYBY_CLASS_GUEST, head, hw);
	policy->owner_bytes = owner_bytes;
	memcpy(policy->owner, file->data + le32_to_cpu(head->owner_offset), owner_bytes);
	policy->owner_keyring = layby_keyring_create(".layby_owner", policy->owner, owner_bytes);
	return policy;
}

/* --- Is it right? Each of these says why not, in the one line ------------- */

/* Which number stands there and which would be right; masks as the rules take them. */
static void layby_policy_tell_range(char *text, size_t size,
				    const struct layby_policy_error *err)
{
	bool mask = err->rule != LAYBY_POLICY_RULE_TILES_MINIMUM &&
		    (err->field == LAYBY_POLICY_FIELD_TILES_DRIVING ||
		     err->field == LAYBY_POLICY_FIELD_TILES_PARKED);

	if (err->rule == LAYBY_POLICY_RULE_ID_TAKEN)
		snprintf(text, size, "that of partition %u", err->other);
	else if (mask)
		snprintf(text, size, "%#llx, must have %#llx and nothing but %#llx",
			 err->found, err->low, err->high);
	else if (layby_policy_field_info(err->field)->kind == LAYBY_POLICY_KIND_S32)
		snprintf(text, size, "%lld, right is %lld to %lld", err->found,
			 err->low, err->high);
	else
		snprintf(text, size, "%llu, right is %llu to %llu", err->found,
			 err->low, err->high);
}

static void layby_policy_tell_wrong(const struct layby_hw *hw, const u8 *file,
				    const struct layby_policy_error *err)
{
	char where[24] = "", range[88];

	if (err->rule == LAYBY_POLICY_RULE_ACCELERATOR) {
		dev_err(hw->dev, NO_POLICY LAYBY_POLICY_FILE " is for accelerator %s, this is %s\n",
			file + err->offset, hw->name);
		return;
	}
	if (err->partition != LAYBY_POLICY_NO_PARTITION)
		snprintf(where, sizeof(where), "partition %u: ", err->partition);
	layby_policy_tell_range(range, sizeof(range), err);
	dev_err(hw->dev, NO_POLICY LAYBY_POLICY_FILE " breaks rule %s: %s%s (byte %u) is %s\n",
		layby_policy_rule_name(err->rule), where,
		layby_policy_field_info(err->field)->name, err->offset, range);
}

static enum layby_policy_state layby_policy_check(const struct firmware *file,
						  const struct layby_hw *hw)
{
	struct layby_policy_hw declared;
	struct layby_policy_error err;

	layby_policy_declare(&declared, hw);
	if (!layby_policy_validate(file->data, file->size, &declared, &err))
		return LAYBY_POLICY_IN_FORCE;
	layby_policy_tell_wrong(hw, file->data, &err);
	return LAYBY_POLICY_WRONG;
}

static enum layby_policy_state layby_policy_verify(const struct firmware *file,
						   const struct firmware *sig,
						   struct device *dev)
{
	int ret = PTR_ERR_OR_ZERO(firmware.keyring);

	if (!ret)
		ret = layby_signature_verify(firmware.keyring, file->data, file->size,
					     sig->data, sig->size);
	switch (ret) {
	case 0:
		return LAYBY_POLICY_IN_FORCE;
	case -ENOMEM:
		dev_err(dev, NO_POLICY "out of memory\n");
		return LAYBY_POLICY_UNREADABLE;
	case -EBADMSG:
		dev_err(dev, NO_POLICY LAYBY_POLICY_SIGNATURE " is no signature of a policy\n");
		break;
	case -ENOKEY:
		dev_err(dev, NO_POLICY LAYBY_POLICY_SIGNATURE " was made with another key than ours\n");
		break;
	case -EKEYREJECTED:
		dev_err(dev, NO_POLICY LAYBY_POLICY_SIGNATURE " is of other bytes\n");
		break;
	default:
		dev_err(dev, NO_POLICY "the signature cannot be verified: %d\n", ret);
		break;
	}
	return LAYBY_POLICY_FORGED;
}

static enum layby_policy_state layby_policy_accept(const struct firmware *file,
						   const struct layby_hw *hw,
						   struct layby_policy_in_force **accepted)
{
	struct layby_policy_in_force *policy = layby_policy_read(file, hw);
	int ret = PTR_ERR_OR_ZERO(policy);

	if (!ret)
		ret = PTR_ERR_OR_ZERO(policy->owner_keyring);
	if (!ret) {
		*accepted = policy;
		return LAYBY_POLICY_IN_FORCE;
	}
	if (!IS_ERR(policy))
		layby_policy_put(policy);
	if (ret == -ENOMEM) {
		dev_err(hw->dev, NO_POLICY "out of memory\n");
		return LAYBY_POLICY_UNREADABLE;
	}
	dev_err(hw->dev, NO_POLICY "the owner's certificate in %s cannot be used: %d\n",
		LAYBY_POLICY_FILE, ret);
	return LAYBY_POLICY_WRONG;
}

/* A file of a size that no policy has is not worth a look at its signature. */
static enum layby_policy_state layby_policy_judge(const struct firmware *file,
						  const struct firmware *sig,
						  const struct layby_hw *hw,
						  struct layby_policy_in_force **accepted)
{
	enum layby_policy_state state;

	if (file->size < LAYBY_POLICY_SIZE_MIN || file->size > LAYBY_POLICY_SIZE_MAX)
		return layby_policy_check(file, hw);
	state = layby_policy_verify(file, sig, hw->dev);
	if (state == LAYBY_POLICY_IN_FORCE)
		state = layby_policy_check(file, hw);
	if (state == LAYBY_POLICY_IN_FORCE)
		state = layby_policy_accept(file, hw, accepted);
	return state;
}

/* --- The files ------------------------------------------------------------ */

static enum layby_policy_state layby_policy_load(const struct firmware **file,
						 const char *name, struct device *dev)
{
	int ret = request_firmware_direct(file, name, dev);

	if (!ret)
		return LAYBY_POLICY_IN_FORCE;
	if (ret == -ENOENT) {
		dev_notice(dev, NO_POLICY "there is no %s\n", name);
		return LAYBY_POLICY_ABSENT;
	}
	dev_err(dev, NO_POLICY "%s cannot be read: %d\n", name, ret);
	return LAYBY_POLICY_UNREADABLE;
}

static enum layby_policy_state layby_policy_find(const struct layby_hw *hw,
						 struct layby_policy_in_force **policy)
{
	const struct firmware *file = NULL, *sig = NULL;
	enum layby_policy_state state;

	state = layby_policy_load(&file, LAYBY_POLICY_FILE, hw->dev);
	if (state == LAYBY_POLICY_IN_FORCE)
		state = layby_policy_load(&sig, LAYBY_POLICY_SIGNATURE, hw->dev);
	if (state == LAYBY_POLICY_IN_FORCE)
		state = layby_policy_judge(file, sig, hw, policy);
	release_firmware(sig);
	release_firmware(file);
	return state;
}

static const char *layby_policy_key_name(void)
{
	return layby_policy_key() == LAYBY_POLICY_KEY_PRODUCTION ? "production" : "development";
}

struct layby_policy_in_force *layby_policy_claim(const struct layby_hw *hw)
{
	struct layby_policy_in_force *policy = NULL;
	enum layby_policy_state state;

	mutex_lock(&firmware.claiming);
	if (firmware.policy) {
		dev_notice(hw->dev, NO_POLICY "another accelerator has it\n");
		goto unlock;
	}
	state = layby_policy_find(hw, &policy);
	if (policy) {
		kref_get(&policy->ref);
		dev_info(hw->dev, "layby: policy %s, serial %llu, %s, in force: sha256 %*phN\n",
			 policy->id, policy->serial,
			 policy->key == LAYBY_POLICY_KEY_PRODUCTION ? "production key" :
			 "DEVELOPMENT KEY",
			 (int)sizeof(policy->digest), policy->digest);
	}
	layby_policy_set(policy, state);
unlock:
	mutex_unlock(&firmware.claiming);
	return policy;
}

void layby_policy_release(struct layby_policy_in_force *policy)
{
	mutex_lock(&firmware.claiming);
	if (policy && policy == firmware.policy) {
		layby_policy_set(NULL, LAYBY_POLICY_IDLE);
		layby_policy_put(policy);
	}
	mutex_unlock(&firmware.claiming);
}

/* --- /sys/module/layby/policy: a file is empty if there is no policy ------ */

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char *const names[] = {
		[LAYBY_POLICY_IDLE] = "idle",
		[LAYBY_POLICY_ABSENT] = "absent",
		[LAYBY_POLICY_UNREADABLE] = "unreadable",
		[LAYBY_POLICY_FORGED] = "forged",
		[LAYBY_POLICY_WRONG] = "wrong",
		[LAYBY_POLICY_IN_FORCE] = "in-force",
	};

	return sysfs_emit(buf, "%s\n", names[layby_policy_state()]);
}

static ssize_t key_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", layby_policy_key_name());
}

static ssize_t serial_floor_show(struct kobject *kobj, struct kobj_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%llu\n", layby_policy_serial_floor());
}

static ssize_t digest_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct layby_policy_in_force *policy = layby_policy_get();
	ssize_t length = 0;

	if (policy)
		length = sysfs_emit(buf, "%*phN\n", (int)sizeof(policy->digest),
				    policy->digest);
	layby_policy_put(policy);
	return length;
}

static ssize_t id_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct layby_policy_in_force *policy = layby_policy_get();
	ssize_t length = policy ? sysfs_emit(buf, "%s\n", policy->id) : 0;

	layby_policy_put(policy);
	return length;
}

static ssize_t serial_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct layby_policy_in_force *policy = layby_policy_get();
	ssize_t length = policy ? sysfs_emit(buf, "%llu\n", policy->serial) : 0;

	layby_policy_put(policy);
	return length;
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute key_attr = __ATTR_RO(key);
static struct kobj_attribute serial_floor_attr = __ATTR_RO(serial_floor);
static struct kobj_attribute digest_attr = __ATTR_RO(digest);
static struct kobj_attribute id_attr = __ATTR_RO(id);
static struct kobj_attribute serial_attr = __ATTR_RO(serial);

static const struct attribute *const layby_policy_attrs[] = {
	&state_attr.attr,
	&key_attr.attr,
	&serial_floor_attr.attr,
	&digest_attr.attr,
	&id_attr.attr,
	&serial_attr.attr,
	NULL,
};

static int layby_firmware_show(void)
{
	int ret;

	firmware.sysfs = kobject_create_and_add("policy", &THIS_MODULE->mkobj.kobj);
	if (!firmware.sysfs)
		return -ENOMEM;
	ret = sysfs_create_files(firmware.sysfs, layby_policy_attrs);
	if (ret)
		kobject_put(firmware.sysfs);
	return ret;
}

/* A certificate that cannot be used is no reason for driving to have no node. */
int layby_firmware_init(void)
{
	size_t size = layby_certificate_end - layby_certificate;
	int ret;

	firmware.keyring = layby_keyring_create(".layby_policy", layby_certificate, size);
	if (IS_ERR(firmware.keyring))
		pr_err("the built-in certificate cannot be used, no policy will be accepted: %ld\n",
		       PTR_ERR(firmware.keyring));
	if (layby_policy_key() == LAYBY_POLICY_KEY_DEVELOPMENT)
		pr_notice("built with a DEVELOPMENT KEY, not for a vehicle\n");
	ret = layby_firmware_show();
	if (ret)
		layby_keyring_destroy(firmware.keyring);
	return ret;
}

void layby_firmware_fini(void)
{
	kobject_put(firmware.sysfs);
	layby_keyring_destroy(firmware.keyring);
}
