using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Faults.Load;

namespace ModelRegistry.Faults.Check;

/// <summary>The contents of a registry as they lie in its folder or bucket, read past the registry's own code.</summary>
internal static class Contents
{
    /// <summary>The SHA-256 of each content's bytes, by the one that it lies under; both in hex.</summary>
    public static async Task<Dictionary<string, string>> ReadAsync(TrialPlace place) => place.Artifacts switch
    {
        ['s', '3', ':', '/', '/', .. var bucket] => await ReadBucketAsync(place, bucket),
        ['f', 'i', 'l', 'e', ':', .. var folder] => await ReadFolderAsync(folder),
        _ => await ReadFolderAsync(Path.Combine(place.DataFolder, "artifacts")),
    };

    private static async Task<Dictionary<string, string>> ReadFolderAsync(string folder)
    {
        var found = new Dictionary<string, string>();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, "blobs"), "*", SearchOption.AllDirectories))
        {
            await using var file = File.OpenRead(path);
            found[Path.GetFileName(path)] = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        }
        return found;
    }

    private static async Task<Dictionary<string, string>> ReadBucketAsync(TrialPlace place, string bucket)
    {
        using var s3 = new AmazonS3Client(new BasicAWSCredentials(place.S3!.AccessKey, place.S3.SecretKey), new AmazonS3Config
        {
            ServiceURL = place.S3.Endpoint!.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = place.S3.Region,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        var found = new Dictionary<string, string>();
        string? more = null;
        do
        {
            var page = await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = "blobs/", ContinuationToken = more });
            foreach (var key in (page.S3Objects ?? []).Select(o => o.Key))
            {
                using var content = await s3.GetObjectAsync(bucket, key);
                found[key[(key.LastIndexOf('/') + 1)..]] = Convert.ToHexStringLower(await SHA256.HashDataAsync(content.ResponseStream));
            }
            more = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (more is not null);
        return found;
    }
}
