using System.Globalization;

namespace ModelRegistry.Bench;

/// <summary>What the system says of a process (Linux, <c>/proc</c>).</summary>
internal sealed record ProcessReading(double RssMiB, double FilesMiB, int Threads, int Handles, double CpuSeconds, double WalMiB, double PeakMiB)
{
    public static ProcessReading Of(int id, string dataFolder)
    {
        var status = File.ReadAllLines($"/proc/{id}/status");
        var wal = Directory.EnumerateFiles(dataFolder, "*-wal", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        return new ProcessReading(Field(status, "VmRSS") / 1024.0, Field(status, "RssFile") / 1024.0, Field(status, "Threads"), Directory.GetFiles($"/proc/{id}/fd").Length, CpuSecondsOf(id), wal / 1048576.0, Field(status, "VmHWM") / 1024.0);
    }

    /// <summary>CPU time a process has used, its own and the system's for it, to the hundredth of a second.</summary>
    public static double CpuSecondsOf(int id)
    {
        var stat = File.ReadAllText($"/proc/{id}/stat");
        // After the name, which may hold anything: user and system time are the 12th and 13th field, in hundredths.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }

    private static int Field(string[] status, string name) =>
        int.Parse(status.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split((char[])[':', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
