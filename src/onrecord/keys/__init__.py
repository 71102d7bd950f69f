"""Keys: the key-encryption key, bucket keys, partition keys, and which partitions belong to which data subject."""
