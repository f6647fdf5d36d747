#!/usr/bin/node
/*
 * Buffers (outside the collector's heap, from calloc and malloc), compression and digests on
 * libuv's threads, workers with a whole engine each, and a child process.
 * program: node
 * heap: 60 100
 */
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { execFileSync } = require('child_process');
const crypto = require('crypto');
const zlib = require('zlib');
const { promisify } = require('util');

function digest(buffer) {
	return crypto.createHash('sha256').update(buffer).digest('hex').slice(0, 16);
}

function buffers(count) {
	const kept = [];
	for (let i = 0; i < count; i++)
		kept.push(Buffer.alloc(i % 9000, i % 256));
	return digest(Buffer.concat(kept.filter((_, i) => i % 10 === 0)));
}

async function main(full) {
	console.log('buffers', buffers(full ? 30000 : 6000));

	const gzip = promisify(zlib.gzip);
	const gunzip = promisify(zlib.gunzip);
	const inputs = Array.from({ length: full ? 64 : 12 },
		(_, i) => Buffer.alloc(1 << 20, `part ${i} `));
	const packed = await Promise.all(inputs.map((input) => gzip(input)));
	const back = await Promise.all(packed.map((input) => gunzip(input)));
	console.log('zlib', back.every((output, i) => output.equals(inputs[i])), packed[0].length);

	const scrypt = promisify(crypto.scrypt);
	const keys = await Promise.all(
		[1, 2, 3, 4].map((i) => scrypt(`secret ${i}`, 'salt', 32)));
	console.log('scrypt', digest(Buffer.concat(keys)));

	const workers = [1, 2, 3, 4].map((number) => new Promise((resolve, reject) => {
		const worker = new Worker(__filename, { workerData: number });
		worker.on('message', resolve);
		worker.on('error', reject);
	}));
	console.log('workers', await Promise.all(workers));

	const map = new Map();
	for (let i = 0; i < 100000; i++)
		map.set(`key-${i}`, { i, text: 'x'.repeat(i % 50) });
	console.log('json', digest(JSON.stringify([...map])));
	console.log('child', execFileSync(process.execPath, ['-p', '6 * 7']).toString().trim());
}

if (isMainThread)
	main(process.argv[2] === 'full');
else
	parentPort.postMessage(`${workerData}: ${buffers(1000 * workerData)}`);
