#!/bin/sh
# The Java machine: its compilers, collectors and class data use malloc from many threads. Direct
# buffers, compression, a parallel sort and threads, under each collector.
# program: java javac
# heap: 40 200
set -eu
case $1 in
quick) collectors="Serial G1" megabytes=40 ;;
full) collectors="Serial Parallel G1 Z" megabytes=200 ;;
esac

cat >Main.java <<'END'
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import java.util.zip.*;

public class Main {
	static long compress(int number) throws Exception {
		byte[] input = IntStream.range(0, 50000).mapToObj(i -> number + " " + i)
			.collect(Collectors.joining(",")).getBytes();
		byte[] output = new byte[input.length];
		byte[] back = new byte[input.length];
		Deflater deflater = new Deflater();
		deflater.setInput(input);
		deflater.finish();
		int length = deflater.deflate(output);
		deflater.end();
		Inflater inflater = new Inflater();
		inflater.setInput(output, 0, length);
		inflater.inflate(back);
		inflater.end();
		if (!Arrays.equals(input, back))
			throw new Exception("inflate");
		return length;
	}

	public static void main(String[] args) throws Exception {
		List<ByteBuffer> buffers = new ArrayList<>();
		for (int i = 0; i < Integer.parseInt(args[0]) * 16; i++) {
			ByteBuffer buffer = ByteBuffer.allocateDirect(65536);
			while (buffer.hasRemaining())
				buffer.putInt(i);
			buffers.add(buffer);
		}
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Long>> lengths = new ArrayList<>();
		for (int i = 0; i < 16; i++) {
			int number = i;
			lengths.add(pool.submit(() -> compress(number)));
		}
		for (Future<Long> length : lengths)
			System.out.print(length.get() + " ");
		pool.shutdown();
		System.out.println(IntStream.range(0, 1000000).parallel().map(i -> i * 31 % 1009)
			.sorted().asLongStream().sum());
		long sum = 0;
		for (ByteBuffer buffer : buffers)
			sum += buffer.getInt(4096);
		System.out.println(sum);
	}
}
END
javac Main.java
for collector in $collectors; do
	java -XX:+Use${collector}GC -Xmx512m Main "$megabytes"
done
