#!/bin/sh
# The Java machine with its own heap on the same pool of huge pages as ours: it takes what it needs
# at its start, if all is there, and the malloc under it gets the rest, or nothing.
# program: java javac
# heap: 40 200
# others: 320 592
set -eu
case $1 in
quick) collectors="G1" megabytes=40 heap=256m ;;
full) collectors="Serial Parallel G1" megabytes=200 heap=512m ;;
esac

cat >Main.java <<'END'
import java.nio.ByteBuffer;
import java.util.*;

public class Main {
	public static void main(String[] args) throws Exception {
		List<ByteBuffer> buffers = new ArrayList<>();
		Thread[] threads = new Thread[4];
		long[] sums = new long[threads.length];
		for (int i = 0; i < Integer.parseInt(args[0]) * 16; i++) {
			ByteBuffer buffer = ByteBuffer.allocateDirect(65536);
			while (buffer.hasRemaining())
				buffer.putInt(i);
			buffers.add(buffer);
		}
		for (int t = 0; t < threads.length; t++) {
			int number = t;
			threads[t] = new Thread(() -> {
				Map<Integer, byte[]> kept = new HashMap<>();
				for (int i = 0; i < 60000; i++) {
					kept.put(i % 5000, new byte[i % 3000]);
					sums[number] += kept.get(i * 7 % (kept.size())).length;
				}
			});
			threads[t].start();
		}
		for (Thread thread : threads)
			thread.join();
		System.gc();
		long sum = Arrays.stream(sums).sum();
		for (ByteBuffer buffer : buffers)
			sum += buffer.getInt(4096);
		System.out.println(sum);
	}
}
END
javac -J-Xmx256m Main.java
for collector in $collectors; do
	java -XX:+Use${collector}GC -XX:+UseLargePages -Xlog:disable -XX:-PrintWarnings \
		-Xms$heap -Xmx$heap -XX:ReservedCodeCacheSize=32m Main "$megabytes"
done
