# An updater in shell, with the tools that such use: updater.sh ARTIFACT.tar.gz
set -e
mkdir -p versions/1 && echo old > versions/1/agent
ln -sfn versions/1 current
echo user > config; chmod 640 config
mkdir staging
tar -xzf "$1" -C staging
cp -a config staging/config
install -m 755 versions/1/agent staging/agent.old
mv staging versions/2
sed -i s/user/edited/ config
ln -sfn versions/2 current
(cd versions/2 && ln agent.old hard && rm agent.old)
touch done
rm -rf versions/1
