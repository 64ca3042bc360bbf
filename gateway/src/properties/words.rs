//! The words of MongoDB's languages, so that what is made up gets past the first check of a name.

pub(super) const QUERY: &str = "
    $all $and $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $comment $elemMatch $eq $exists $expr $gt $gte $in
    $jsonSchema $lt $lte $mod $ne $nin $nor $not $options $or $regex $sampleRate $size $text $type $where $near $unheardOf
";

pub(super) const UPDATE: &str = "
    $addToSet $bit $currentDate $inc $max $min $mul $pop $pull $pullAll $push $rename $set $setOnInsert $unset $unheardOf
";

pub(super) const MODIFIERS: &str = "
    $each $position $slice $sort and or xor $type
";

pub(super) const STAGES: &str = "
    $addFields $bucket $bucketAuto $count $densify $documents $facet $fill $graphLookup $group $limit $lookup $match $merge
    $out $project $redact $replaceRoot $replaceWith $sample $set $setWindowFields $skip $sort $sortByCount $unionWith $unset
    $unwind $unheardOf
";

pub(super) const STAGE_OPTIONS: &str = "
    _id as boundaries buckets coll connectFromField connectToField default depthField field foreignField from granularity
    groupBy includeArrayIndex let localField maxDepth newRoot output partitionBy path pipeline preserveNullAndEmptyArrays
    restrictSearchWithMatch size sortBy startWith window documents range unit into on whenMatched step bounds
";

pub(super) const ACCUMULATORS: &str = "
    $addToSet $avg $bottom $bottomN $count $covariancePop $covarianceSamp $denseRank $derivative $documentNumber
    $expMovingAvg $first $firstN $integral $last $lastN $linearFill $locf $max $maxN $median $mergeObjects $min $minN
    $percentile $push $rank $shift $stdDevPop $stdDevSamp $sum $top $topN $setUnion $concatArrays
";

pub(super) const EXPRESSION: &str = "
    $abs $acos $acosh $add $allElementsTrue $and $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh $atan $atan2
    $atanh $avg $binarySize $bitAnd $bitNot $bitOr $bitXor $bsonSize $ceil $cmp $concat $concatArrays $cond $convert $cos
    $cosh $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth
    $dayOfWeek $dayOfYear $degreesToRadians $divide $eq $exp $filter $first $firstN $floor $getField $gt $gte $hour $ifNull
    $in $indexOfArray $indexOfBytes $indexOfCP $isArray $isNumber $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let
    $literal $ln $log $log10 $lt $lte $ltrim $map $max $maxN $median $mergeObjects $meta $millisecond $min $minN $minute
    $mod $month $multiply $ne $not $objectToArray $or $percentile $pow $radiansToDegrees $rand $range $reduce $regexFind
    $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $second $setDifference $setEquals
    $setField $setIntersection $setIsSubset $setUnion $sin $sinh $size $slice $sortArray $split $sqrt $stdDevPop $stdDevSamp
    $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $subtract $sum $switch $tan $tanh $toBool $toDate
    $toDecimal $toDouble $toInt $toLong $toLower $toObjectId $toString $toUUID $toUpper $trim $trunc $tsIncrement $tsSecond
    $type $unsetField $week $year $zip $toHashedIndexKey $function $unheardOf
";

pub(super) const ARGUMENTS: &str = "
    input in as cond if then else branches case default vars initialValue date dateString format timezone onNull onError to
    unit amount startDate endDate binSize startOfWeek year month day hour minute second millisecond isoWeekYear isoWeek
    isoDayOfWeek iso8601 find replacement regex options chars field value sortBy n p method inputs useLongestLength defaults
    limit output by
";

pub(super) const FIELDS: &[&str] = &[
    "_id",
    "a",
    "b",
    "list",
    "list.0",
    "list.x",
    "list.$",
    "list.$[]",
    "list.$[e]",
    "list.$[e].x",
    "a.b.c",
    "when",
    "text",
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "$",
    "$a",
    "a.$b",
    "999999999999",
    "list.4294967296",
    "é",
    "a\u{1}b",
];

pub(super) const PATHS: &str = "
    $a $list $list.x $when $text $missing $$ROOT $$CURRENT.a $$NOW $$REMOVE $$this $$value $$x $ $$ $. $a..b $$PRUNE
    $$DESCEND
";

pub(super) const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "abc",
    "é日\u{1F600}",
    "(",
    "[a",
    "(?P<",
    "a{1000000}",
    "(a+)+$",
    "x{2}{3}",
    "%Y-%m-%dT%H:%M:%S.%LZ",
    "%",
    "%Q",
    "2026-11-20T05:00:00Z",
    "9999-99-99",
    "Europe/Berlin",
    "+14:00",
    "+99:99",
    "UTC",
    "day",
    "week",
    "month",
    "year",
    "quarter",
    "millisecond",
    "monday",
    "int",
    "decimal",
    "objectId",
    "double",
    "1e400",
    "-0",
    "NaN",
    "1.7976931348623157E+308",
    "R5",
    "1-2-5",
    "POWERSOF2",
    "approximate",
    "current",
    "unbounded",
    "0.document.value",
    "{0.document.value:99}",
    "i",
    "imxs",
    "zz",
];
