package redis

import (
	"strconv"
	"strings"
)

// Key is the key of a job's offset, as the Python daemon names it.
func Key(job, table, topic string) string {
	return "repliqate:replication:offset:name=" + job + "&table=" + table + "&topic=" + topic
}

// sibling names a key that Redis Cluster keeps in the same slot, which a script requires. The slot is decided by what
// is between the first { and the next }, or by the whole key if there is nothing between them.
func sibling(key, what string) string {
	switch {
	case hashed(key) != key:
		return key + ":" + what
	case !strings.Contains(key, "}"):
		return "{" + key + "}:" + what
	}
	// The key can't be put between braces, so the smallest number with the same slot is.
	for n := 0; ; n++ {
		if tag := strconv.Itoa(n); slot(tag) == slot(key) {
			return "{" + tag + "}:" + key + ":" + what
		}
	}
}

// hashed is the part of a key that decides its slot.
func hashed(key string) string {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if end := strings.IndexByte(key[open+1:], '}'); end > 0 {
			return key[open+1 : open+1+end]
		}
	}
	return key
}

// slot is Redis Cluster's: CRC-16/XMODEM of s, modulo 16,384.
func slot(s string) uint16 {
	var crc uint16
	for i := range len(s) {
		crc ^= uint16(s[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % 16384
}
